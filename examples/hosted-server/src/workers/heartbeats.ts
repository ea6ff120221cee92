import type { Worker } from 'node:cluster';

const beat = 'alive';
const everyMs = 2_000;
// So many beats may be due and not come.
const mostMissed = 5;
// Before the first one it loads what it is made of, as the others do at the same time.
const mostMissedAtStart = 30;

/** In a worker, before anything else: lets the primary know, now and every two seconds, that its event loop turns. */
export function beatForPrimary(): void {
  // The channel may close while this is on its way.
  const send = () => process.send?.(beat, undefined, undefined, () => {});
  send();
  setInterval(send, everyMs).unref();
}

/**
 * In the primary: calls `onStill` once where a worker has not been heard of for ten seconds, or up to two more; for a minute where it has just been
 * started. What is counted are the primary's own turns, so that one which stood still itself, with the machine, blames no worker for it.
 */
export function watchBeats(worker: Worker, onStill: () => void): void {
  let left = mostMissedAtStart;
  const timer = setInterval(() => {
    left -= 1;
    if (left >= 0) return;
    end();
    onStill();
  }, everyMs);
  const heard = (message: unknown) => {
    if (message === beat) left = mostMissed;
  };
  const end = () => {
    clearInterval(timer);
    worker.off('message', heard).off('exit', end);
  };
  worker.on('message', heard).on('exit', end);
}
