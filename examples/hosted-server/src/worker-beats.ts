import type { Worker } from 'node:cluster';

const beat = 'alive';
const everyMs = 2_000;
// So many beats that were due and did not come.
const mostMissed = 5;

/** In a worker: lets the primary know, every two seconds, that its event loop turns. */
export function beatForPrimary(): void {
  // The channel may close while this is on its way.
  setInterval(() => process.send?.(beat, undefined, undefined, () => {}), everyMs).unref();
}

/**
 * In the primary: calls `onStill` once where a worker has not been heard of for ten seconds, or up to two more. What is counted are the primary's own turns, so that
 * one which stood still itself, with the machine, blames no worker for it.
 */
export function watchBeats(worker: Worker, onStill: () => void): void {
  let missed = 0;
  const timer = setInterval(() => {
    missed += 1;
    if (missed <= mostMissed) return;
    end();
    onStill();
  }, everyMs);
  const heard = (message: unknown) => {
    if (message === beat) missed = 0;
  };
  const end = () => {
    clearInterval(timer);
    worker.off('message', heard).off('exit', end);
  };
  worker.on('message', heard).on('exit', end);
}
