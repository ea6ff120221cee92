import type { Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { watchBeats } from '../../src/workers/heartbeats.ts';

// With a real worker, and in real time, one that stands still is ended in workers.test.ts.
describe('watchBeats', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const watched = () => {
    const worker = new EventEmitter();
    const onStill = vi.fn<() => void>();
    watchBeats(worker as Worker, onStill);
    return { worker, onStill };
  };

  test('gives a worker that is new a minute to be heard of', () => {
    const { onStill } = watched();
    vi.advanceTimersByTime(60_000);
    expect(onStill).not.toHaveBeenCalled();
    vi.advanceTimersByTime(600_000);
    expect(onStill).toHaveBeenCalledTimes(1);
  });

  test('gives one that was heard of ten seconds, each time', () => {
    const { worker, onStill } = watched();
    for (let beats = 0; beats < 20; beats += 1) {
      worker.emit('message', 'alive');
      vi.advanceTimersByTime(10_000);
    }
    expect(onStill).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2_000);
    expect(onStill).toHaveBeenCalledTimes(1);
  });

  test('takes no other message for a beat', () => {
    const { worker, onStill } = watched();
    vi.advanceTimersByTime(60_000);
    worker.emit('message', { serving: {} });
    vi.advanceTimersByTime(2_000);
    expect(onStill).toHaveBeenCalledTimes(1);
  });

  test('leaves nothing behind of one that has ended', () => {
    const { worker, onStill } = watched();
    worker.emit('exit');
    expect([worker.listenerCount('message'), worker.listenerCount('exit'), vi.getTimerCount()]).toEqual([0, 0, 0]);
    vi.advanceTimersByTime(600_000);
    expect(onStill).not.toHaveBeenCalled();
  });
});
