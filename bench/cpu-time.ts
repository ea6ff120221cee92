import { readdirSync, readFileSync } from 'node:fs';

/**
 * The CPU time that a process of this machine has taken, all its threads together, in milliseconds. Read from Linux, which counts it in
 * nanoseconds, so that the process itself has nothing to do.
 */
export function cpuTimeMs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce((sum, task) => sum + Number(readIfThere(`${tasks}/${task}/schedstat`).split(' ', 1)[0]) / 1e6, 0);
}

/** The memory that a process holds, in megabytes. */
export function residentMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`Process ${pid} has ended, or this is not Linux.`);
  return Number(kilobytes) / 1024;
}

/**
 * Tells the CPU time that all processes of that name have taken, in milliseconds. What one has taken stays counted when it has ended, as far as it was
 * asked for.
 */
export function cpuTimeOfAll(name: string): () => number {
  const latest = new Map<string, number>();
  return () => {
    for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      if (readIfThere(`/proc/${pid}/comm`).trim() !== name) continue;
      const ms = Number(readIfThere(`/proc/${pid}/schedstat`).split(' ', 1)[0]) / 1e6;
      // It may have ended between the two.
      if (ms > 0) latest.set(pid, ms);
    }
    return latest.values().reduce((sum, ms) => sum + ms, 0);
  };
}

/** A thread or process may end while it is looked at. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
