import { fork } from 'node:child_process';
import { on, once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Load, Loaded } from './load-generator.ts';

/** The process that loads servers. */
export interface Generator {
  /**
   * Calls `started` when all clients are let in and before the first request, and `ended` when the last is answered and before they leave. A load
   * that takes twice its time and a minute more is given up.
   */
  load(load: Load, started?: () => void, ended?: () => void): Promise<Loaded>;
  close(): void;
}

/** Starts it. */
export function startGenerator(): Generator {
  const start = () => {
    const child = fork(join(import.meta.dirname, 'load-generator.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    // Two messages may arrive at once, so they are kept until they are asked for.
    return { child, said: on(child, 'message') as AsyncIterator<[unknown]> };
  };
  let { child, said } = start();

  /** What the process says next. */
  async function next(ms: number): Promise<unknown> {
    const waiting = new AbortController();
    const { signal } = waiting;
    const gone = once(child, 'exit', { signal }).then(() => {
      throw new Error('The clients could not connect, or broke off.');
    });
    const late = sleep(ms, undefined, { signal }).then(() => {
      throw new Error(`It took more than ${ms / 1_000} s.`);
    });
    try {
      const { value } = await Promise.race([said.next(), gone, late]);
      return (value as [unknown])[0];
    } finally {
      waiting.abort();
      await Promise.allSettled([gone, late]);
    }
  }

  return {
    async load(load, started, ended) {
      try {
        child.send(load);
        await next(60_000);
        started?.();
        child.send('go');
        const loaded = (await next(2 * load.ms + 60_000)) as Loaded;
        ended?.();
        await next(60_000);
        return loaded;
      } catch (error) {
        child.kill();
        ({ child, said } = start());
        throw error;
      }
    },
    close: () => void child.kill(),
  };
}
