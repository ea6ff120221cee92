import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Load, LoadResult } from './load-generator.ts';

/** The process that loads servers and checks every answer. */
export interface Generator {
  /** Runs one load at a time. Gives up after twice the load's time plus two minutes. */
  load(load: Load): Promise<LoadResult>;
  close(): void;
}

/** Starts the process. */
export function startGenerator(): Generator {
  const start = () => fork(join(import.meta.dirname, 'load-generator.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let child = start();

  /** Waits for the next message of the process. */
  async function next(ms: number): Promise<LoadResult> {
    const waiting = new AbortController();
    const { signal } = waiting;
    const exited = once(child, 'exit', { signal }).then(() => {
      throw new Error('The clients could not connect, or their process ended.');
    });
    const late = sleep(ms, undefined, { signal }).then(() => {
      throw new Error(`The load took more than ${ms / 1_000} s.`);
    });
    try {
      const [result] = (await Promise.race([once(child, 'message', { signal }), exited, late])) as [LoadResult];
      return result;
    } finally {
      waiting.abort();
      await Promise.allSettled([exited, late]);
    }
  }

  return {
    async load(load) {
      try {
        child.send(load);
        return await next(2 * load.ms + 120_000);
      } catch (error) {
        child.kill();
        child = start();
        throw error;
      }
    },
    close: () => void child.kill(),
  };
}
