import {
  circuitBreaker,
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  type CircuitBreakerPolicy,
  type IBackoff,
} from 'cockatiel';
import pRetry from 'p-retry';
import { systemClock, type Clock } from '../clock.ts';
import { untilAbort } from '../lib/until-abort.ts';
import { memoryBudget } from '../memory/budget.ts';
import type { Budget } from '../ports/budget.ts';
import type { Observer } from '../ports/observer.ts';
import { UpstreamError, type Attempt, type BreakerState, type NamedLimit, type Resilience } from '../ports/resilience.ts';

/** Options for {@link cockatielResilience}. All times are in milliseconds. */
export interface CockatielResilienceOptions {
  /** The maximum number of retries after the first attempt. Default 3. */
  readonly retries?: number | undefined;
  /**
   * The first backoff. It doubles with each further retry. Each wait is a random time between half the backoff and the full backoff.
   * Default 300.
   */
  readonly backoffMs?: number | undefined;
  /** The longest backoff. It does not shorten a wait that the vendor asks for. Default 10,000. */
  readonly maxBackoffMs?: number | undefined;
  /** How long one attempt may take until its headers and body have arrived. Default 10,000. */
  readonly attemptTimeoutMs?: number | undefined;
  /** The number of failed attempts in a row that opens a connection's breaker. Default 5. */
  readonly breakerFailures?: number | undefined;
  /** How long an open breaker stays open. Default 60,000. */
  readonly breakerOpenMs?: number | undefined;
  /** The maximum number of concurrent requests per connection. Default 20. */
  readonly concurrent?: number | undefined;
  /** The maximum number of requests per connection that may wait for their turn. One user may have at most half as many. Default 100. */
  readonly queued?: number | undefined;
  /** How long an unused connection's breaker is kept, at least `breakerOpenMs`. Default 10 minutes. */
  readonly idleMs?: number | undefined;
  /** The maximum number of connections whose breakers and bulkheads are kept. The least recently used are dropped first. Default 10,000. */
  readonly maxConnections?: number | undefined;
  /** Default: {@link memoryBudget}, which counts only this process. */
  readonly budget?: Budget | undefined;
  readonly clock?: Clock | undefined;
  /** Notified when a breaker changes state. */
  readonly observer?: Observer | undefined;
}

/** The breaker of one connection. */
interface Guard {
  readonly breaker: CircuitBreakerPolicy;
  openedAt: number;
  /** The number of requests that are running or waiting under this guard. */
  users: number;
  usedAt: number;
}

type WithDefaults = {
  readonly [name in Exclude<keyof CockatielResilienceOptions, 'observer'>]: NonNullable<CockatielResilienceOptions[name]>;
};

/** The options with their defaults, and the state between requests. */
interface Runtime extends WithDefaults {
  readonly observer: Observer | undefined;
  /** Limits the running requests of each connection. Users take turns, as they do for the vendor's budget. */
  readonly bulkhead: Budget;
  /** By {@link guardKey}, the least recently used first. */
  readonly guards: Map<string, Guard>;
}

const states: Record<CircuitState, BreakerState> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'open',
};

/** Retries with p-retry, and uses one cockatiel breaker for each pair of connector and connection. All waits use the clock. */
export function cockatielResilience(options: CockatielResilienceOptions = {}): Resilience {
  const { retries = 3, backoffMs = 300, maxBackoffMs = 10_000, attemptTimeoutMs = 10_000, breakerFailures = 5 } = options;
  const { breakerOpenMs = 60_000, concurrent = 20, queued = 100, idleMs = 10 * 60_000, maxConnections = 10_000 } = options;
  const { clock = systemClock, budget = memoryBudget({ clock }), observer } = options;
  const times = { backoffMs, maxBackoffMs, attemptTimeoutMs, breakerOpenMs, idleMs };
  const counts = { retries, breakerFailures, concurrent, queued, maxConnections };
  const bulkhead = memoryBudget({ clock, maxWaiting: queued, maxKeys: maxConnections });
  const runtime: Runtime = { ...times, ...counts, clock, budget, bulkhead, observer, guards: new Map() };
  return {
    execute: (attempt, action) => execute(runtime, attempt, action),
    observe: (connector, connection, limit, observed) => budget.observe(budgetKey(connector, connection, limit), limit, observed),
    breaker: (connector, connection) => states[runtime.guards.get(guardKey(connector, connection))?.breaker.state ?? CircuitState.Closed],
  };
}

const guardKey = (connector: string, connection: string): string => `${connector}\n${connection}`;
const budgetKey = (connector: string, connection: string, limit: NamedLimit): string => `${guardKey(connector, connection)}\n${limit.name}`;

/** Runs a request: retry → breaker → budget → bulkhead → timeout → action. */
async function execute<R>(runtime: Runtime, attempt: Attempt, action: Action<R>): Promise<R> {
  const guard = guardOf(runtime, attempt);
  guard.users += 1;
  try {
    return await pRetry((attemptNumber) => attemptOnce(runtime, attempt, guard, action, attemptNumber), {
      retries: runtime.retries,
      // p-retry itself must not wait, because mayRetry waits: docs/decisions/0025-p-retry-in-the-cockatiel-adapter.md
      minTimeout: 0,
      maxTimeout: 0,
      signal: attempt.signal,
      shouldRetry: ({ error, attemptNumber }) => mayRetry(runtime, attempt, guard, error, attemptNumber),
    });
  } finally {
    guard.users -= 1;
    guard.usedAt = runtime.clock.elapsed();
  }
}

type Action<R> = (signal: AbortSignal) => Promise<R>;

/** Makes one attempt and reports how it ended. */
async function attemptOnce<R>(runtime: Runtime, attempt: Attempt, guard: Guard, action: Action<R>, attemptNumber: number): Promise<R> {
  const { clock } = runtime;
  const startedAt = clock.elapsed();
  try {
    const value = await attemptGuarded(runtime, attempt, guard, action, attemptNumber);
    attempt.onEvent?.({ kind: 'attempt', attempt: attemptNumber, ms: clock.elapsed() - startedAt, code: undefined });
    return value;
  } catch (error) {
    const code = error instanceof UpstreamError ? error.code : 'CANCELLED';
    attempt.onEvent?.({ kind: 'attempt', attempt: attemptNumber, ms: clock.elapsed() - startedAt, code });
    throw error;
  }
}

async function attemptGuarded<R>(runtime: Runtime, attempt: Attempt, guard: Guard, action: Action<R>, attemptNumber: number): Promise<R> {
  const { signal, limit } = attempt;
  try {
    const running = guard.breaker.execute(async () => {
      const release = limit && (await takeBudget(runtime, attempt, limit, attemptNumber));
      try {
        const leave = await enterBulkhead(runtime, attempt);
        try {
          return await withTimeout(runtime, signal, action);
        } finally {
          leave();
        }
      } finally {
        release?.();
      }
    }, signal);
    // The breaker's waits ignore the signal.
    return await untilAbort(running, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw asUpstreamError(runtime, guard, error);
  }
}

function takeBudget({ budget }: Runtime, attempt: Attempt, limit: NamedLimit, attemptNumber: number): Promise<() => void> {
  return budget.take(budgetKey(attempt.connector, attempt.connection, limit), limit, attempt, (ms) =>
    attempt.onEvent?.({ kind: 'wait', attempt: attemptNumber, ms, reason: 'budget' }),
  );
}

/** Waits until fewer than `concurrent` requests of the connection run. The signal ends the wait at the deadline. */
function enterBulkhead({ bulkhead, concurrent }: Runtime, { connector, connection, signal, user }: Attempt): Promise<() => void> {
  return bulkhead.take(guardKey(connector, connection), { concurrent }, { signal, user, deadlineAt: Infinity }, () => {});
}

/** Runs an action under its own timeout and the caller's signal. Leaves neither timer nor listener behind. */
async function withTimeout<R>({ clock, attemptTimeoutMs }: Runtime, outer: AbortSignal, action: Action<R>): Promise<R> {
  outer.throwIfAborted();
  const inner = new AbortController();
  const onAbort = (): void => inner.abort(outer.reason);
  outer.addEventListener('abort', onAbort, { once: true });
  const cancelTimer = clock.timer(attemptTimeoutMs, () => {
    const message = `The vendor did not answer within ${attemptTimeoutMs / 1000} s.`;
    inner.abort(new UpstreamError('UPSTREAM_UNAVAILABLE', message, { executed: 'unknown', transient: true }));
  });
  try {
    return await action(inner.signal);
  } finally {
    cancelTimer();
    outer.removeEventListener('abort', onAbort);
  }
}

/** Turns a refusal of the breaker into the port's own error. */
function asUpstreamError({ clock, breakerFailures, breakerOpenMs }: Runtime, guard: Guard, error: unknown): unknown {
  if (error instanceof BrokenCircuitError) {
    const message = `The vendor failed ${breakerFailures} times in a row on this connection, so this server sends it nothing for now.`;
    const retryAfterMs = Math.max(0, guard.openedAt + breakerOpenMs - clock.elapsed());
    return new UpstreamError('CIRCUIT_OPEN', message, { executed: 'no', transient: true, retryAfterMs });
  }
  return error;
}

/**
 * Returns whether to make another attempt. If so, it first waits. @throws {UpstreamError} if the vendor asks to wait beyond the call's
 * deadline.
 */
async function mayRetry(runtime: Runtime, attempt: Attempt, guard: Guard, error: unknown, attemptNumber: number): Promise<boolean> {
  const { clock, backoffMs, maxBackoffMs } = runtime;
  if (!(error instanceof UpstreamError) || !error.transient || guard.breaker.state === CircuitState.Open) return false;
  if (attempt.retry === 'never' && error.executed !== 'no') return false;
  const ceilingMs = Math.min(maxBackoffMs, backoffMs * 2 ** (attemptNumber - 1));
  const ms = error.retryAfterMs ?? ceilingMs * (0.5 + Math.random() / 2);
  if (clock.now() + ms >= attempt.deadlineAt) {
    if (error.retryAfterMs === undefined) return false;
    const leftMs = Math.max(0, attempt.deadlineAt - clock.now());
    throw new UpstreamError(
      error.code,
      `${error.message} It asks to wait ${Math.ceil(ms / 1000)} s, which is longer than the ${(leftMs / 1000).toFixed(1)} s that this call has left.`,
      error,
    );
  }
  if (ms > 0) {
    attempt.onEvent?.({ kind: 'wait', attempt: attemptNumber, ms, reason: error.retryAfterMs === undefined ? 'backoff' : 'retry-after' });
    await clock.sleep(ms, attempt.signal);
  }
  return true;
}

/** Returns the connection's guard and marks it as the most recently used. Creates it if necessary. */
function guardOf(runtime: Runtime, { connector, connection }: Attempt): Guard {
  const { guards, clock } = runtime;
  const key = guardKey(connector, connection);
  let guard = guards.get(key);
  if (guard) guards.delete(key);
  else {
    guard = createGuard(runtime, connector, connection);
    dropIdle(runtime);
  }
  guards.set(key, guard);
  guard.usedAt = clock.elapsed();
  return guard;
}

function createGuard(runtime: Runtime, connector: string, connection: string): Guard {
  const { clock, breakerOpenMs, breakerFailures, observer } = runtime;
  // Cockatiel reads Date.now(). A duration of plus or minus infinity, chosen by our clock, makes cockatiel follow our clock.
  const openFor: IBackoff<unknown> = {
    get duration() {
      return clock.elapsed() - guard.openedAt < breakerOpenMs ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    },
    next: () => openFor,
  };
  const breaker = circuitBreaker(
    handleWhen((error) => error instanceof UpstreamError && error.code === 'UPSTREAM_UNAVAILABLE'),
    { halfOpenAfter: openFor, breaker: new ConsecutiveBreaker(breakerFailures) },
  );
  const guard: Guard = { breaker, openedAt: 0, users: 0, usedAt: clock.elapsed() };
  breaker.onBreak(() => (guard.openedAt = clock.elapsed()));
  breaker.onStateChange((state) => observer?.upstream?.({ kind: 'breaker', connector, connection, state: states[state] }));
  return guard;
}

/**
 * Drops the idle guards, and the least recently used guards beyond the bound. A guard is not idle while it is in use or its breaker may be
 * open.
 */
function dropIdle({ guards, clock, idleMs, breakerOpenMs, maxConnections, observer }: Runtime): void {
  for (const [key, guard] of guards) {
    if (guard.users > 0) continue;
    const idle = clock.elapsed() - guard.usedAt >= Math.max(idleMs, breakerOpenMs);
    if (!idle && guards.size < maxConnections) return;
    guards.delete(key);
    // The gauge of open breakers must not count dropped breakers.
    const [connector = '', connection = ''] = key.split('\n');
    if (guard.breaker.state !== CircuitState.Closed) observer?.upstream?.({ kind: 'breaker', connector, connection, state: 'closed' });
  }
}
