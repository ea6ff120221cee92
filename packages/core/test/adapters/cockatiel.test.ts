import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { cockatielResilience } from '../../src/adapters/cockatiel.ts';
import { UpstreamError, type Attempt, type UpstreamEvent } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';

const failure = (): never => {
  throw new UpstreamError('UPSTREAM_UNAVAILABLE', 'down', { executed: 'unknown', transient: true });
};

function setUp(options: Parameters<typeof cockatielResilience>[0] = {}) {
  const clock = manualClock();
  const breakers: string[] = [];
  const observer = {
    upstream: (event: UpstreamEvent) => void (event.kind === 'breaker' && breakers.push(`${event.connection} ${event.state}`)),
  };
  const resilience = cockatielResilience({ clock, observer, retries: 0, ...options });
  const attempt = (connection = 'one', more: Partial<Attempt> = {}): Attempt => ({
    connector: 'acme',
    connection,
    operation: 'GET /',
    retry: 'safe',
    signal: new AbortController().signal,
    deadlineAt: clock.now() + 3_600_000,
    ...more,
  });
  const fail = async (connection?: string, times = 1): Promise<void> => {
    for (let i = 0; i < times; i += 1) await expect(resilience.execute(attempt(connection), async () => failure())).rejects.toThrow('down');
  };
  return { clock, resilience, attempt, fail, breakers };
}

test('the breaker opens after five failures in a row, lets one request through a minute later, and opens again if that request fails', async () => {
  const { clock, resilience, attempt, fail, breakers } = setUp();
  await fail('one', 5);
  expect(resilience.breaker('acme', 'one')).toBe('open');
  expect(resilience.breaker('acme', 'two')).toBe('closed');
  let runs = 0;
  const run = async (): Promise<number> => (runs += 1);
  await clock.advance(59_999);
  await expect(resilience.execute(attempt(), run)).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 1 });
  await clock.advance(1);
  await fail('one');
  await expect(resilience.execute(attempt(), run)).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 60_000 });
  expect(runs).toBe(0);
  await clock.advance(60_000);
  expect(await resilience.execute(attempt(), run)).toBe(1);
  expect(breakers).toEqual(['one open', 'one half-open', 'one open', 'one half-open', 'one closed']);
});

test.each([-3_600_000, 3_600_000])('a correction of the clock by %i ms does not change how long the breaker stays open', async (ms) => {
  const { clock, resilience, attempt, fail } = setUp();
  await fail('one', 5);
  clock.adjust(ms);
  await clock.advance(59_999);
  await expect(resilience.execute(attempt(), async () => 'fine')).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 1 });
  await clock.advance(1);
  expect(await resilience.execute(attempt(), async () => 'fine')).toBe('fine');
});

test('a success between failures resets the breaker’s count', async () => {
  const { resilience, attempt, fail } = setUp();
  await fail('one', 4);
  await resilience.execute(attempt(), async () => 'fine');
  await fail('one', 4);
  expect(resilience.breaker('acme', 'one')).toBe('closed');
});

test('the breaker counts neither our own faults nor the vendor’s refusals', async () => {
  const { resilience, attempt } = setUp();
  for (let i = 0; i < 10; i += 1) {
    await expect(resilience.execute(attempt(), async () => Promise.reject(new TypeError('ours')))).rejects.toThrow('ours');
    await expect(
      resilience.execute(attempt(), async () =>
        Promise.reject(new UpstreamError('RATE_LIMITED', 'slow down', { executed: 'no', transient: true })),
      ),
    ).rejects.toThrow('slow down');
  }
  expect(resilience.breaker('acme', 'one')).toBe('closed');
});

test('a request does not wait for a retry once the breaker has opened', async () => {
  const { resilience, attempt } = setUp({ retries: 10 });
  let runs = 0;
  const clockless = resilience.execute(attempt('one', { deadlineAt: Number.POSITIVE_INFINITY }), async () => {
    runs += 1;
    throw new UpstreamError('UPSTREAM_UNAVAILABLE', 'down', { executed: 'no', transient: true, retryAfterMs: 0 });
  });
  await expect(clockless).rejects.toThrow('down');
  expect(runs).toBe(5);
});

test('the backoff grows exponentially with jitter, up to its ceiling', async () => {
  const waits: number[] = [];
  const { clock, resilience, attempt } = setUp({ retries: 6, backoffMs: 100, maxBackoffMs: 400, breakerFailures: 100 });
  const running = resilience.execute(
    attempt('one', { onEvent: (event) => void (event.kind === 'wait' && waits.push(event.ms)) }),
    async () => failure(),
  );
  const ended = expect(running).rejects.toThrow('down');
  await clock.advance(10_000);
  await ended;
  expect(waits).toHaveLength(6);
  for (const [i, ceiling] of [100, 200, 400, 400, 400, 400].entries()) {
    expect(waits[i]).toBeGreaterThanOrEqual(ceiling / 2);
    expect(waits[i]).toBeLessThanOrEqual(ceiling);
  }
});

test('an abort ends the wait for a retry at once', async () => {
  const { clock, resilience, attempt } = setUp({ retries: 3 });
  const abort = new AbortController();
  const running = resilience.execute(attempt('one', { signal: abort.signal }), async () => failure());
  const ended = expect(running).rejects.toThrow('enough');
  await clock.advance(0);
  expect(clock.sleeping).toBe(1);
  abort.abort(new Error('enough'));
  await ended;
  expect(clock.sleeping).toBe(0);
});

test('the adapter drops idle connections, and the least recently used beyond its bound, but no connection in use', async () => {
  const { clock, resilience, attempt, fail, breakers } = setUp({ maxConnections: 2 });
  const gate = Promise.withResolvers<string>();
  await fail('one', 5);
  const busy = resilience.execute(attempt('two'), () => gate.promise);
  await fail('three');
  expect(resilience.breaker('acme', 'one')).toBe('closed');
  expect(breakers.at(-1)).toBe('one closed');
  await fail('three', 4);
  await clock.advance(600_000);
  await fail('four');
  expect(resilience.breaker('acme', 'three')).toBe('closed');
  gate.resolve('done');
  expect(await busy).toBe('done');
});

test('a request leaves no timer behind', async () => {
  const { clock, resilience, attempt } = setUp();
  await resilience.execute(attempt(), async () => 'fine');
  await Promise.resolve();
  expect(clock.sleeping).toBe(0);
});

test('an abort ends the wait in the bulkhead’s queue at once', async () => {
  const { resilience, attempt } = setUp({ concurrent: 1, queued: 1 });
  void resilience.execute(attempt(), () => new Promise(() => {}));
  const abort = new AbortController();
  const queued = resilience.execute(attempt('one', { signal: abort.signal }), async () => 'never');
  abort.abort(new Error('enough'));
  await expect(queued).rejects.toThrow('enough');
});

test('a user that fills the bulkhead’s queue leaves room for others, who take turns with it', async () => {
  const { resilience, attempt } = setUp({ concurrent: 1, queued: 6 });
  const served: string[] = [];
  let finish = (): void => {};
  const first = resilience.execute(attempt('one', { user: 'a' }), () => new Promise<void>((resolve) => (finish = resolve)));
  const wait = (user: string) => resilience.execute(attempt('one', { user }), async () => void served.push(user));
  const waiting = [1, 2, 3].map(() => wait('a'));
  await expect(wait('a')).rejects.toMatchObject({ code: 'OVERLOADED', message: expect.stringContaining('3 requests of yours') });
  waiting.push(wait('b'), wait('c'), wait('b'));
  await expect(wait('d')).rejects.toMatchObject({ code: 'OVERLOADED', message: expect.stringContaining('6 requests are') });
  finish();
  await Promise.all([first, ...waiting]);
  expect(served).toEqual(['a', 'b', 'c', 'a', 'b', 'a']);
});

test('a connection in use keeps its bulkhead, however many others there are', async () => {
  const { resilience, attempt } = setUp({ maxConnections: 1, concurrent: 1, queued: 0 });
  void resilience.execute(attempt('busy'), () => new Promise(() => {}));
  await resilience.execute(attempt('other'), async () => 'fine');
  await resilience.execute(attempt('third'), async () => 'fine');
  await expect(resilience.execute(attempt('busy'), async () => 'fine')).rejects.toMatchObject({ code: 'OVERLOADED' });
});

test('a request leaves no listener behind on the caller’s signal', async () => {
  const { resilience, attempt } = setUp();
  const { signal } = new AbortController();
  await resilience.execute(attempt('one', { signal }), async () => 'fine');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
