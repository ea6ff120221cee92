import type { Worker } from 'node:cluster';

const heartbeat = 'alive';
const everyMs = 2_000;
const maxMissed = 5;
// A new worker first loads its modules, at the same time as the other workers.
const maxMissedAtStart = 30;

/**
 * Sends the primary a heartbeat now and every two seconds, as long as the event loop is not blocked. A worker calls this before anything
 * else.
 */
export function sendHeartbeats(): void {
  // The channel may close while a message is on its way.
  const send = () => process.send?.(heartbeat, undefined, undefined, () => {});
  send();
  setInterval(send, everyMs).unref();
}

/**
 * In the primary: calls `onBlocked` once if a worker has sent no heartbeat for ten to twelve seconds, or for a minute after it was started.
 * Counts the primary's own timer ticks instead of the time, so that a primary that was suspended together with the machine does not blame
 * its workers.
 */
export function watchHeartbeats(worker: Worker, onBlocked: () => void): void {
  let left = maxMissedAtStart;
  const timer = setInterval(() => {
    left -= 1;
    if (left >= 0) return;
    stop();
    onBlocked();
  }, everyMs);
  const onMessage = (message: unknown) => {
    if (message === heartbeat) left = maxMissed;
  };
  const stop = () => {
    clearInterval(timer);
    worker.off('message', onMessage).off('exit', stop);
  };
  worker.on('message', onMessage).on('exit', stop);
}
