import { readdirSync, readFileSync } from 'node:fs';

/**
 * Returns the CPU time of all threads of a process on this machine, in milliseconds. Linux counts it, in nanoseconds, at no cost to the
 * process itself.
 */
export function cpuTimeMs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce((sum, task) => sum + Number(readIfThere(`${tasks}/${task}/schedstat`).split(' ', 1)[0]) / 1e6, 0);
}

/** Returns the resident memory of a process, in megabytes. @throws {Error} if the process has ended. */
export function residentMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`Process ${pid} has ended, or this is not Linux.`);
  return Number(kilobytes) / 1024;
}

/**
 * Returns a function that returns the CPU time of all processes with a name, in milliseconds. The time of an ended process stays included,
 * up to the last call before its end.
 */
export function cpuTimeOfAll(name: string): () => number {
  const latest = new Map<string, number>();
  return () => {
    for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      if (readIfThere(`/proc/${pid}/comm`).trim() !== name) continue;
      const ms = Number(readIfThere(`/proc/${pid}/schedstat`).split(' ', 1)[0]) / 1e6;
      // The process may have ended between the two reads.
      if (ms > 0) latest.set(pid, ms);
    }
    return latest.values().reduce((sum, ms) => sum + ms, 0);
  };
}

/** A thread or process may end while its file is read. The function then returns an empty string. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
