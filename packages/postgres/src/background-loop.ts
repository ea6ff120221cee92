import type { Clock } from '@busbar/core';

/** Work that a process repeats in the background. */
export interface BackgroundLoop {
  /** Starts the loop. Later calls do nothing. */
  start(): void;
  /** Stops the loop, and resolves when the running step has ended. The loop cannot be started again. */
  stop(): Promise<void>;
}

/**
 * Repeats `step` until `stop` is called. Each step returns the pause before the next step, in milliseconds. `step` must not reject. `stop`
 * aborts its signal.
 */
export function createBackgroundLoop(clock: Clock, step: (signal: AbortSignal) => Promise<number>): BackgroundLoop {
  const over = new AbortController();
  const { signal } = over;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const pauseMs = await step(signal);
      if (pauseMs > 0) await clock.sleep(pauseMs, signal).catch(() => {});
    }
  }

  return {
    start: () => {
      running ??= run();
    },
    async stop() {
      over.abort();
      await running;
    },
  };
}
