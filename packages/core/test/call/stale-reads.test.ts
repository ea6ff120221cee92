import { expect, test } from 'vitest';
import { memoryCache, ToolError, type ErrorCode } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { codeOf, textOf } from '../support/acme.ts';
import { said, cachedReadHost } from '../support/cached-read-host.ts';

/** A read that succeeds once and then fails with the code, and a way to clear its cache. */
async function failingHost(code: ErrorCode | 'not a ToolError', staleIfErrorMs?: number) {
  const clock = manualClock();
  const cache = memoryCache({ clock });
  const scopes: string[] = [];
  let runs = 0;
  const host = cachedReadHost(
    async () => {
      runs += 1;
      if (runs === 1) return 'kept';
      throw code === 'not a ToolError' ? new Error(code) : new ToolError(code, 'It failed.');
    },
    {
      clock,
      cache: { ...cache, get: (scope, key) => (scopes.push(scope), cache.get(scope, key)) },
      ...(staleIfErrorMs !== undefined && { staleIfErrorMs }),
    },
  );
  await host.read('a');
  return { ...host, clock, clear: () => cache.clear(scopes[0] ?? 'none') };
}

const passing: readonly ErrorCode[] = [
  'UPSTREAM_UNAVAILABLE',
  'CIRCUIT_OPEN',
  'RATE_LIMITED',
  'OVERLOADED',
  'DEADLINE_EXCEEDED',
  'UNAVAILABLE',
];
const lasting = ['UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND', 'UPSTREAM_INVALID', 'CANCELLED', 'INTERNAL', 'not a ToolError'] as const;

test.each(passing)('after %s, the caller gets the older answer with a warning', async (code) => {
  const { read, clock, statuses } = await failingHost(code, 60_000);
  await clock.advance(30_500);
  const answer = await read('a');
  expect(said(answer)).toBe('kept');
  expect(answer.isError).toBeUndefined();
  expect(textOf(answer)).toBe(
    `{"said":"kept"}\nWarning: This answer is 31 s old. A newer answer was not available (${code}), so the data may have changed since.`,
  );
  expect(answer.meta).toEqual({ 'busbar/stale': { ageMs: 30_500, code } });
  expect(statuses()).toEqual(['executed', 'cached']);
});

test.each(lasting)('%s reaches the caller unchanged, even if an older answer is kept', async (code) => {
  const { read, clock, statuses } = await failingHost(code, 60_000);
  await clock.advance(1_000);
  expect(codeOf(await read('a'))).toBe(code === 'not a ToolError' ? 'INTERNAL' : code);
  expect(statuses()).toEqual(['executed', 'failed']);
});

test('the caller gets an older answer until `staleIfErrorMs` after its `ttlMs`, and never without that setting', async () => {
  const { read, clock } = await failingHost('UPSTREAM_UNAVAILABLE', 5_000);
  await clock.advance(5_999);
  expect(said(await read('a'))).toBe('kept');
  await clock.advance(1);
  expect(codeOf(await read('a'))).toBe('UPSTREAM_UNAVAILABLE');
  const without = await failingHost('UPSTREAM_UNAVAILABLE');
  await without.clock.advance(1_000);
  expect(codeOf(await without.read('a'))).toBe('UPSTREAM_UNAVAILABLE');
});

test('a shorter `staleIfErrorMs` applies to answers that were kept under a longer one', async () => {
  const clock = manualClock();
  const cache = memoryCache({ clock });
  const fails = async (): Promise<never> => Promise.reject(new ToolError('UPSTREAM_UNAVAILABLE', 'It failed.'));
  await cachedReadHost(async () => 'kept', { clock, cache, staleIfErrorMs: 60_000 }).read('a');
  const { read } = cachedReadHost(fails, { clock, cache, staleIfErrorMs: 5_000 });
  await clock.advance(5_999);
  expect(said(await read('a'))).toBe('kept');
  await clock.advance(1);
  expect(codeOf(await read('a'))).toBe('UPSTREAM_UNAVAILABLE');
});

test('the caller gets no older answer once a write has cleared it, even if the write came while the read failed', async () => {
  const { read, clock, clear } = await failingHost('UPSTREAM_UNAVAILABLE', 60_000);
  await clock.advance(1_000);
  await clear();
  expect(codeOf(await read('a'))).toBe('UPSTREAM_UNAVAILABLE');

  const cache = memoryCache({ clock });
  let scope = '';
  let runs = 0;
  const host = cachedReadHost(
    async () => {
      runs += 1;
      if (runs === 1) return 'kept';
      await cache.clear(scope);
      throw new ToolError('UPSTREAM_UNAVAILABLE', 'It failed.');
    },
    { clock, staleIfErrorMs: 60_000, cache: { ...cache, get: (of, key) => cache.get((scope = of), key) } },
  );
  await host.read('a');
  await clock.advance(1_000);
  expect(codeOf(await host.read('a'))).toBe('UPSTREAM_UNAVAILABLE');
});

test('a read that times out, running or waiting for another, gets the older answer', async () => {
  const clock = manualClock();
  let runs = 0;
  const { read } = cachedReadHost(
    async ({ signal }) => {
      runs += 1;
      if (runs === 1) return 'kept';
      return await new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    },
    { clock, callTimeoutMs: 2_000, staleIfErrorMs: 60_000 },
  );
  await read('a');
  await clock.advance(1_000);
  const both = [read('a'), read('a')];
  await clock.advance(2_000);
  expect((await Promise.all(both)).map(({ meta }) => meta)).toEqual(
    [0, 1].map(() => ({ 'busbar/stale': { ageMs: 3_000, code: 'DEADLINE_EXCEEDED' } })),
  );
});
