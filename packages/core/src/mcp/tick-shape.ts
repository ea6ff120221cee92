import { executionAsyncResource } from 'node:async_hooks';
import { nextTick } from 'node:process';

let kept: object | undefined;

/**
 * Keeps one of the objects that `process.nextTick` puts into its queue. V8 forgets the shape of objects of which a collection of old garbage finds none,
 * and how these are built is something that it learns but once: after two or three collections that find the queue empty, each `nextTick`
 * takes seven times as long, for the rest of the process. Node calls it half a dozen times for a request.
 */
export function keepTickShape(): void {
  if (!kept) nextTick(() => (kept = executionAsyncResource()));
}
