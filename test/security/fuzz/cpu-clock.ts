import { readdirSync, readFileSync } from 'node:fs';

/** Why the CPU time of another process cannot be read here, or undefined. */
export const noCpuClock = process.platform === 'linux' ? undefined : 'no /proc on this system';

/** The CPU time of a running process and all its threads so far, in milliseconds, to the microsecond. */
export function cpuMsOf(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      // The first number is the time on a CPU.
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0]);
    } catch {
      // The thread has ended in between.
    }
  }
  return nanoseconds / 1e6;
}
