import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Load, Loaded } from './load-generator.ts';

/** The process that looks into answers. */
export interface Generator {
  /** One load at a time. One that takes twice its time and two minutes more is given up. */
  load(load: Load): Promise<Loaded>;
  close(): void;
}

/** Starts it. */
export function startGenerator(): Generator {
  const start = () => fork(join(import.meta.dirname, 'load-generator.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let child = start();

  /** What the process says next. */
  async function next(ms: number): Promise<Loaded> {
    const waiting = new AbortController();
    const { signal } = waiting;
    const gone = once(child, 'exit', { signal }).then(() => {
      throw new Error('The clients could not connect, or broke off.');
    });
    const late = sleep(ms, undefined, { signal }).then(() => {
      throw new Error(`It took more than ${ms / 1_000} s.`);
    });
    try {
      const [loaded] = (await Promise.race([once(child, 'message', { signal }), gone, late])) as [Loaded];
      return loaded;
    } finally {
      waiting.abort();
      await Promise.allSettled([gone, late]);
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
