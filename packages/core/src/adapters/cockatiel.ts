import {
  bulkhead,
  BulkheadRejectedError,
  circuitBreaker,
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  type BulkheadPolicy,
  type CircuitBreakerPolicy,
  type IBackoff,
} from 'cockatiel';
import pRetry from 'p-retry';
import type { Budget } from '../ports/budget.ts';
import { systemClock, type Clock } from '../clock.ts';
import { memoryBudget } from '../memory/budget.ts';
import type { Observer } from '../ports/observer.ts';
import { UpstreamError, type Attempt, type BreakerState, type NamedLimit, type Resilience } from '../ports/resilience.ts';
import { untilAbort } from '../lib/until-abort.ts';

/** How {@link cockatielResilience} guards. All times in milliseconds. */
export interface CockatielResilienceOptions {
  /** Repetitions after the first attempt. Default 3. */
  readonly retries?: number;
  /** The first wait, doubled for each further one, then drawn between half and whole of that. Default 300. */
  readonly backoffMs?: number;
  /** The longest such wait. What the vendor asks for is not cut. Default 10,000. */
  readonly maxBackoffMs?: number;
  /** How long one attempt may take until its headers and body are there. Default 10,000. */
  readonly attemptTimeoutMs?: number;
  /** Failed attempts in a row that open a connection's breaker. Default 5. */
  readonly breakerFailures?: number;
  /** How long it stays open. Default 60,000. */
  readonly breakerOpenMs?: number;
  /** Requests of one connection at a time. Default 20. */
  readonly concurrent?: number;
  /** Requests of one connection that may wait for their turn. Default 100. */
  readonly queued?: number;
  /** What is known of a connection is forgotten when it was not used for so long. Default 10 minutes. */
  readonly idleMs?: number;
  /** Most connections known at once; the longest unused go first. Default 10,000. */
  readonly maxConnections?: number;
  /** Default: {@link memoryBudget}, of this process alone. */
  readonly budget?: Budget;
  readonly clock?: Clock;
  /** Told when a breaker changes. */
  readonly observer?: Observer;
}

interface Guard {
  readonly breaker: CircuitBreakerPolicy;
  readonly bulkhead: BulkheadPolicy;
  openedAt: number;
  users: number;
  usedAt: number;
}

const states: Record<CircuitState, BreakerState> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'open',
};

/** Retry by p-retry, breaker and bulkhead by cockatiel, for each (connector, connection). Waits are the clock's. */
export function cockatielResilience(options: CockatielResilienceOptions = {}): Resilience {
  const {
    retries = 3,
    backoffMs = 300,
    maxBackoffMs = 10_000,
    attemptTimeoutMs = 10_000,
    breakerFailures = 5,
    breakerOpenMs = 60_000,
  } = options;
  const { concurrent = 20, queued = 100, idleMs = 10 * 60_000, maxConnections = 10_000, clock = systemClock, observer } = options;
  const budget = options.budget ?? memoryBudget({ clock });
  const guards = new Map<string, Guard>();
  const keyOf = (connector: string, connection: string): string => `${connector}\n${connection}`;
  const budgetKey = (connector: string, connection: string, limit: NamedLimit): string => `${keyOf(connector, connection)}\n${limit.name}`;

  function createGuard(connector: string, connection: string): Guard {
    // Cockatiel reads Date.now(). A duration that is nothing or everything, as our own clock says, makes it keep that time.
    const openFor: IBackoff<unknown> = {
      get duration() {
        return clock.now() - guard.openedAt < breakerOpenMs ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
      },
      next: () => openFor,
    };
    const breaker = circuitBreaker(
      handleWhen((error) => error instanceof UpstreamError && error.code === 'UPSTREAM_UNAVAILABLE'),
      { halfOpenAfter: openFor, breaker: new ConsecutiveBreaker(breakerFailures) },
    );
    const guard: Guard = { breaker, bulkhead: bulkhead(concurrent, queued), openedAt: 0, users: 0, usedAt: clock.now() };
    breaker.onBreak(() => (guard.openedAt = clock.now()));
    breaker.onStateChange((state) => observer?.upstream?.({ kind: 'breaker', connector, connection, state: states[state] }));
    return guard;
  }

  function guardOf(connector: string, connection: string): Guard {
    const key = keyOf(connector, connection);
    let guard = guards.get(key);
    if (guard) guards.delete(key);
    else {
      guard = createGuard(connector, connection);
      forgetIdle();
    }
    guards.set(key, guard);
    guard.usedAt = clock.now();
    return guard;
  }

  /** The map is in order of use, so those to forget come first. A guard in use, or an open breaker, is not idle. */
  function forgetIdle(): void {
    for (const [key, guard] of guards) {
      if (guard.users > 0) continue;
      const idle = clock.now() - guard.usedAt >= Math.max(idleMs, breakerOpenMs);
      if (!idle && guards.size < maxConnections) return;
      guards.delete(key);
      // The gauge of open breakers must not count what is forgotten.
      const [connector = '', connection = ''] = key.split('\n');
      if (guard.breaker.state !== CircuitState.Closed) observer?.upstream?.({ kind: 'breaker', connector, connection, state: 'closed' });
    }
  }

  /** One attempt: breaker → budget → bulkhead → timeout → action. */
  async function attemptOnce<R>(
    attempt: Attempt,
    guard: Guard,
    action: (signal: AbortSignal) => Promise<R>,
    onWait: (ms: number) => void,
  ): Promise<R> {
    try {
      const running = guard.breaker.execute(async () => {
        const release = attempt.limit
          ? await budget.take(budgetKey(attempt.connector, attempt.connection, attempt.limit), attempt.limit, attempt, onWait)
          : undefined;
        try {
          return await guard.bulkhead.execute(() => withTimeout(clock, attemptTimeoutMs, attempt.signal, action), attempt.signal);
        } finally {
          release?.();
        }
      }, attempt.signal);
      // Neither the breaker's nor the bulkhead's waiting listens to a signal.
      return await untilAbort(running, attempt.signal);
    } catch (error) {
      if (attempt.signal.aborted) throw attempt.signal.reason;
      if (error instanceof BrokenCircuitError) {
        const retryAfterMs = Math.max(0, guard.openedAt + breakerOpenMs - clock.now());
        throw new UpstreamError(
          'CIRCUIT_OPEN',
          `The vendor failed ${breakerFailures} times in a row on this connection, so nothing is sent to it for now.`,
          { executed: 'no', transient: true, retryAfterMs },
        );
      }
      if (error instanceof BulkheadRejectedError) {
        throw new UpstreamError('OVERLOADED', `${queued} requests wait for this connection already. Try again in a moment.`, {
          executed: 'no',
          transient: false,
        });
      }
      throw error;
    }
  }

  /** Waits for the next attempt, if there is to be one. Throws where the vendor's wait is longer than the call may take. */
  async function mayRetry(attempt: Attempt, guard: Guard, error: unknown, attemptNumber: number): Promise<boolean> {
    if (!(error instanceof UpstreamError) || !error.transient || guard.breaker.state === CircuitState.Open) return false;
    if (attempt.retry === 'never' && error.executed !== 'no') return false;
    const ceiling = Math.min(maxBackoffMs, backoffMs * 2 ** (attemptNumber - 1));
    const backoff = ceiling * (0.5 + Math.random() / 2);
    const ms = error.retryAfterMs ?? backoff;
    if (clock.now() + ms >= attempt.deadlineAt) {
      if (error.retryAfterMs === undefined) return false;
      const left = Math.max(0, attempt.deadlineAt - clock.now());
      throw new UpstreamError(
        error.code,
        `${error.message} It asks to wait ${Math.ceil(ms / 1000)} s, which is longer than the ${(left / 1000).toFixed(1)} s that this call has left.`,
        error,
      );
    }
    if (ms > 0) {
      attempt.onEvent?.({ kind: 'wait', attempt: attemptNumber, ms, reason: error.retryAfterMs === undefined ? 'backoff' : 'retry-after' });
      await clock.sleep(ms, attempt.signal);
    }
    return true;
  }

  return {
    async execute(attempt, action) {
      const guard = guardOf(attempt.connector, attempt.connection);
      guard.users += 1;
      try {
        return await pRetry(
          async (attemptNumber) => {
            const startedAt = clock.now();
            const ended = (error?: unknown): void =>
              attempt.onEvent?.({
                kind: 'attempt',
                attempt: attemptNumber,
                ms: clock.now() - startedAt,
                code: error instanceof UpstreamError ? error.code : error === undefined ? undefined : 'CANCELLED',
              });
            const onWait = (ms: number): void => attempt.onEvent?.({ kind: 'wait', attempt: attemptNumber, ms, reason: 'budget' });
            try {
              const value = await attemptOnce(attempt, guard, action, onWait);
              ended();
              return value;
            } catch (error) {
              ended(error);
              throw error;
            }
          },
          // No delay of p-retry's own: mayRetry waits, by the clock and for as long as the vendor asks.
          {
            retries,
            minTimeout: 0,
            maxTimeout: 0,
            signal: attempt.signal,
            shouldRetry: ({ error, attemptNumber }) => mayRetry(attempt, guard, error, attemptNumber),
          },
        );
      } finally {
        guard.users -= 1;
        guard.usedAt = clock.now();
      }
    },
    observe: (connector, connection, limit, seen) => budget.observe(budgetKey(connector, connection, limit), limit, seen),
    breaker: (connector, connection) => states[guards.get(keyOf(connector, connection))?.breaker.state ?? CircuitState.Closed],
  };
}

// Made once: an abort without a reason makes an error with its stack each time.
const attemptEnded = new Error('The attempt has ended');

/** Runs an action under a timeout of its own and the caller's signal. Leaves neither timer nor listener behind. */
async function withTimeout<R>(clock: Clock, ms: number, outer: AbortSignal, action: (signal: AbortSignal) => Promise<R>): Promise<R> {
  outer.throwIfAborted();
  const inner = new AbortController();
  const over = new AbortController();
  const onAbort = (): void => inner.abort(outer.reason);
  outer.addEventListener('abort', onAbort, { once: true });
  clock.sleep(ms, over.signal).then(
    () =>
      inner.abort(
        new UpstreamError('UPSTREAM_UNAVAILABLE', `The vendor did not answer within ${ms / 1000} s.`, {
          executed: 'unknown',
          transient: true,
        }),
      ),
    () => {},
  );
  try {
    return await action(inner.signal);
  } finally {
    over.abort(attemptEnded);
    outer.removeEventListener('abort', onAbort);
  }
}
