import type { Budget } from '../budget.ts';
import { systemClock, type Clock } from '../clock.ts';
import type { UpstreamLimit } from '../connector.ts';
import { UpstreamError } from '../resilience.ts';

/** Bounds of {@link memoryBudget}. */
export interface MemoryBudgetOptions {
  readonly clock?: Clock;
  /** Most requests that wait for one budget. Default 100. */
  readonly maxWaiting?: number;
  /** Most budgets remembered; the longest unused of those that nothing runs under go first. Default 10,000. */
  readonly maxKeys?: number;
}

interface Used {
  windowEndsAt: number;
  taken: number;
  running: number;
  /** Requests that sleep until the next window. */
  asleep: number;
  readonly queue: Array<() => void>;
}

/** Budgets of this process alone: fixed windows that begin with the first request, and a count of what runs. */
export function memoryBudget({ clock = systemClock, maxWaiting = 100, maxKeys = 10_000 }: MemoryBudgetOptions = {}): Budget {
  const budgets = new Map<string, Used>();

  function usedOf(key: string): Used {
    const known = budgets.get(key);
    const used = known ?? { windowEndsAt: 0, taken: 0, running: 0, asleep: 0, queue: [] };
    budgets.delete(key);
    budgets.set(key, used);
    if (!known && budgets.size > maxKeys) {
      for (const [old, { running, queue }] of budgets) {
        if (running > 0 || queue.length > 0 || old === key) continue;
        budgets.delete(old);
        break;
      }
    }
    return used;
  }

  const overloaded = (): UpstreamError =>
    new UpstreamError('OVERLOADED', `${maxWaiting} requests wait for this connection already. Try again in a moment.`, {
      executed: false,
      transient: false,
    });

  async function takeFromWindow(
    used: Used,
    { requests, windowMs }: UpstreamLimit,
    until: { signal: AbortSignal; deadlineAt: number },
    onWait: (ms: number) => void,
  ): Promise<void> {
    if (requests === undefined || windowMs === undefined) return;
    for (;;) {
      const now = clock.now();
      if (now >= used.windowEndsAt) {
        used.windowEndsAt = now + windowMs;
        used.taken = 0;
      }
      if (used.taken < requests) {
        used.taken += 1;
        return;
      }
      const waitMs = used.windowEndsAt - now;
      if (used.windowEndsAt >= until.deadlineAt) {
        throw new UpstreamError(
          'RATE_LIMITED',
          `This connection has used the ${requests} requests that the vendor allows in ${windowMs / 1000} s.`,
          { executed: false, transient: true, retryAfterMs: waitMs },
        );
      }
      if (used.asleep >= maxWaiting) throw overloaded();
      used.asleep += 1;
      try {
        onWait(waitMs);
        await clock.sleep(waitMs, until.signal);
      } finally {
        used.asleep -= 1;
      }
    }
  }

  function enter(used: Used, { concurrent }: UpstreamLimit, signal: AbortSignal): Promise<void> {
    if (concurrent === undefined || used.running < concurrent) {
      used.running += 1;
      return Promise.resolve();
    }
    if (used.queue.length >= maxWaiting) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      const next = (): void => {
        signal.removeEventListener('abort', onAbort);
        used.running += 1;
        resolve();
      };
      const onAbort = (): void => {
        used.queue.splice(used.queue.indexOf(next), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      used.queue.push(next);
    });
  }

  return {
    async take(key, limit, until, onWait) {
      until.signal.throwIfAborted();
      const used = usedOf(key);
      await enter(used, limit, until.signal);
      let held = true;
      const release = (): void => {
        if (!held) return;
        held = false;
        used.running -= 1;
        used.queue.shift()?.();
      };
      try {
        await takeFromWindow(used, limit, until, onWait);
      } catch (error) {
        release();
        throw error;
      }
      return release;
    },
  };
}
