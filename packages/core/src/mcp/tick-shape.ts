import { executionAsyncResource } from 'node:async_hooks';
import { nextTick } from 'node:process';

let kept: object | undefined;

/** Keeps one object from `process.nextTick`'s queue alive, so that `nextTick` stays fast: docs/decisions/0012-v8-and-memory.md */
export function keepTickShape(): void {
  if (!kept) nextTick(() => (kept = executionAsyncResource()));
}
