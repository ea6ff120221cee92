import type { Clock } from '@busbar/core';

/** A task that runs periodically. */
export interface PeriodicTask {
  /** Runs the task now, and again each time the interval has passed since the last run ended. A second call does nothing. */
  start(): void;
  /** Stops the task: aborts its signal, and resolves when the current run has ended. */
  stop(): Promise<void>;
}

/** Creates a task that runs every `everyMs` until it is stopped. `run` must not reject. */
export function createPeriodicTask(clock: Clock, everyMs: number, run: (stopping: AbortSignal) => Promise<void>): PeriodicTask {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let cancel = () => {};

  async function runAndSchedule(): Promise<void> {
    await run(stopping.signal);
    if (stopping.signal.aborted) return;
    cancel = clock.timer(everyMs, () => {
      running = runAndSchedule();
    });
  }

  return {
    start: () => {
      running ??= runAndSchedule();
    },
    async stop() {
      stopping.abort();
      cancel();
      await running;
    },
  };
}
