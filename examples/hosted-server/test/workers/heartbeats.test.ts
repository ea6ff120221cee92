import type { Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { watchHeartbeats } from '../../src/workers/heartbeats.ts';

// start-workers.test.ts blocks a real worker, in real time.
describe('watchHeartbeats', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const watched = () => {
    const worker = new EventEmitter();
    const onBlocked = vi.fn<() => void>();
    watchHeartbeats(worker as Worker, onBlocked);
    return { worker, onBlocked };
  };

  test('gives a new worker a minute for its first heartbeat', () => {
    const { onBlocked } = watched();
    vi.advanceTimersByTime(60_000);
    expect(onBlocked).not.toHaveBeenCalled();
    vi.advanceTimersByTime(600_000);
    expect(onBlocked).toHaveBeenCalledTimes(1);
  });

  test('gives a worker ten seconds after each heartbeat', () => {
    const { worker, onBlocked } = watched();
    for (let beats = 0; beats < 20; beats += 1) {
      worker.emit('message', 'alive');
      vi.advanceTimersByTime(10_000);
    }
    expect(onBlocked).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2_000);
    expect(onBlocked).toHaveBeenCalledTimes(1);
  });

  test('treats no other message as a heartbeat', () => {
    const { worker, onBlocked } = watched();
    vi.advanceTimersByTime(60_000);
    worker.emit('message', { serving: {} });
    vi.advanceTimersByTime(2_000);
    expect(onBlocked).toHaveBeenCalledTimes(1);
  });

  test('leaves no timer or listener behind when a worker exits', () => {
    const { worker, onBlocked } = watched();
    worker.emit('exit');
    expect([worker.listenerCount('message'), worker.listenerCount('exit'), vi.getTimerCount()]).toEqual([0, 0, 0]);
    vi.advanceTimersByTime(600_000);
    expect(onBlocked).not.toHaveBeenCalled();
  });
});
