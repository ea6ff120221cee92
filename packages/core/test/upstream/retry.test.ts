import { expect, test } from 'vitest';
import { memoryMetering } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { codeOf, textOf, useAcme, type Acme } from '../support/acme.ts';

let acme: Acme;
const host = useAcme((started) => (acme = started));

test('a GET that is answered 429 with Retry-After succeeds after that time, not before', async () => {
  const clock = manualClock();
  const { call } = host({ clock });
  acme.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '1' } });
  const answer = call('acme_get_item', { id: 'a' });
  await (
    await acme.received(undefined, 1)
  ).ended;
  await waitForSleepers(clock, 2);
  await clock.advance(999);
  expect(acme.requests).toHaveLength(1);
  await clock.advance(1);
  expect((await answer).structuredContent).toEqual({ id: 'a' });
  expect(acme.requests).toHaveLength(2);
});

test('a reset header counts if there is no Retry-After', async () => {
  const clock = manualClock();
  const { call } = host({ clock });
  const headers = { date: new Date(clock.now()).toUTCString(), 'x-ratelimit-reset': String(clock.now() / 1000 + 7) };
  acme.misbehave({ kind: 'status', status: 429, headers });
  const answer = call('acme_get_item', { id: 'a' });
  await (
    await acme.received(undefined, 1)
  ).ended;
  await waitForSleepers(clock, 2);
  await clock.advance(6_999);
  expect(acme.requests).toHaveLength(1);
  await clock.advance(1);
  expect((await answer).isError).toBeUndefined();
});

test('a POST that may never be repeated is repeated after a 429, because it was not executed', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '0' } });
  expect((await call('acme_create_item', { name: 'x' })).structuredContent).toEqual({ id: 'item-1' });
  expect(acme.requests).toHaveLength(2);
});

test('an unkeyed POST that is answered 503 is sent once and ends as unknown', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'status', status: 503, times: 10 });
  const answer = await call('acme_create_item', { name: 'x' });
  expect(acme.requests).toHaveLength(1);
  expect(codeOf(answer)).toBe('OUTCOME_UNKNOWN');
  expect(textOf(answer)).toContain('Search for the name.');
});

test('an unkeyed POST whose answer is lost is sent once and ends as unknown', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'lose' });
  expect(codeOf(await call('acme_create_item', { name: 'x' }))).toBe('OUTCOME_UNKNOWN');
  expect(acme.created).toEqual(['item-1']);
  expect(acme.requests).toHaveLength(1);
});

test.each(['lose', 'reset', 'truncate'] as const)(
  'a keyed POST is sent again with the same key after a %s, and creates one item',
  async (kind) => {
    const { call } = host();
    acme.misbehave({ kind });
    expect((await call('acme_create_item_once', { name: 'x' })).structuredContent).toEqual({ id: 'item-1' });
    expect(acme.created).toEqual(['item-1']);
    const keys = acme.requests.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toMatch(/^[a-z0-9-]{1,36}$/);
    expect(keys[1]).toBe(keys[0]);
  },
);

test('a client that repeats a call under its own idempotency key creates one item, even on a new process', async () => {
  const first = host();
  const second = host();
  const idempotencyKey = 'order-17';
  const one = await first.call('acme_create_item_once', { name: 'x' }, { idempotencyKey });
  const again = await first.call('acme_create_item_once', { name: 'x' }, { idempotencyKey });
  expect(again).toEqual(one);
  expect(acme.requests).toHaveLength(1);
  expect(await second.call('acme_create_item_once', { name: 'x' }, { idempotencyKey })).toEqual(one);
  expect(acme.created).toEqual(['item-1']);
});

test('an idempotency key that comes with other arguments is a conflict', async () => {
  const { call } = host();
  await call('acme_create_item_once', { name: 'x' }, { idempotencyKey: 'k' });
  expect(codeOf(await call('acme_create_item_once', { name: 'y' }, { idempotencyKey: 'k' }))).toBe('IDEMPOTENCY_CONFLICT');
});

test('two calls without an idempotency key send two keys', async () => {
  const { call } = host();
  await call('acme_create_item_once', { name: 'x' });
  await call('acme_create_item_once', { name: 'x' });
  expect(acme.created).toEqual(['item-1', 'item-2']);
});

test('a tool whose second request fails does not repeat the first, and the caller reads that a write was made', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'status', status: 422, match: 'PUT /items/{id}' });
  const answer = await call('acme_copy_item', { name: 'x' });
  expect(codeOf(answer)).toBe('UPSTREAM_REJECTED');
  expect(textOf(answer)).toContain('A write of this call was made before it failed');
  expect(acme.requests.map(({ method }) => method)).toEqual(['POST', 'PUT']);
});

test('a tool that looks for its lost write settles the unknown outcome', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'lose', match: 'POST /items' });
  expect((await call('acme_create_or_find_item', { name: 'x' })).structuredContent).toEqual({ id: 'found' });
});

test('a tool that loses a write and then fails in another way ends as unknown', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'lose', match: 'POST /items' });
  acme.misbehave({ kind: 'status', status: 404, match: 'GET /items/{id}' });
  const answer = await call('acme_create_or_find_item', { name: 'x' });
  expect(codeOf(answer)).toBe('OUTCOME_UNKNOWN');
  expect(textOf(answer)).toContain('no such record');
});

test('a tool that asks after it wrote is stopped, because the run would begin again and write twice', async () => {
  const { call } = host();
  const answer = await call('acme_create_and_ask', { name: 'x' });
  expect(codeOf(answer)).toBe('INTERNAL');
  expect(textOf(answer)).toContain('A write of this call was made before it failed');
  expect(acme.created).toEqual(['item-1']);
});

test('metering records whether data at the vendor changed', async () => {
  const recorded: unknown[] = [];
  const { call } = host({
    metering: memoryMetering({
      record: (_, outcome) => void recorded.push(typeof outcome === 'object' && [outcome.status, outcome.wrote, outcome.upstreamRequests]),
    }),
  });
  await call('acme_get_item', { id: 'a' });
  await call('acme_create_item', { name: 'x' });
  await call('acme_create_item', { name: 'forbidden' });
  acme.misbehave({ kind: 'lose' });
  await call('acme_create_item', { name: 'x' });
  expect(recorded).toEqual([
    ['executed', 'no', 1],
    ['executed', 'yes', 1],
    ['failed', 'no', 1],
    ['unknown', 'unknown', 1],
  ]);
});

test.each([400, 401, 403, 404, 409, 422])('does not retry a %i', async (status) => {
  const { call } = host();
  acme.misbehave({ kind: 'status', status, times: 10 });
  expect((await call('acme_get_item', { id: 'a' })).isError).toBe(true);
  expect(acme.requests).toHaveLength(1);
});

test('gives up after three retries, and the answer names the attempts and the breaker', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'status', status: 500, times: 10 });
  const answer = await call('acme_get_item', { id: 'a' });
  expect(acme.requests).toHaveLength(4);
  expect(codeOf(answer)).toBe('UPSTREAM_UNAVAILABLE');
  expect(textOf(answer)).toMatch(/4 attempts, waited [\d.]+ s; circuit breaker closed/);
});

test('a deadline of 500 ms with Retry-After: 30 fails at once and says so', async () => {
  const clock = manualClock();
  const { call } = host({ clock, callTimeoutMs: 500 });
  acme.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '30' } });
  const answer = await call('acme_get_item', { id: 'a' });
  expect(codeOf(answer)).toBe('RATE_LIMITED');
  expect(textOf(answer)).toContain('It asks to wait 30 s, which is longer than the 0.5 s that this call has left');
  expect(answer.meta).toMatchObject({ 'busbar/error': { retryAfterMs: 30_000 } });
  expect(acme.requests).toHaveLength(1);
});

test('an attempt that hangs times out and is retried', async () => {
  const clock = manualClock();
  const { call } = host({ clock });
  acme.misbehave({ kind: 'hang' });
  const answer = call('acme_get_item', { id: 'a' });
  const hanging = await acme.received(undefined, 1);
  await clock.advance(10_000);
  expect(await hanging.ended).toBe('closed');
  await waitForSleepers(clock, 2);
  await clock.advance(300);
  expect((await answer).structuredContent).toEqual({ id: 'a' });
});

test('a call that passes its deadline ends, and closes the socket', async () => {
  const clock = manualClock();
  const { call } = host({ clock, callTimeoutMs: 2_000 });
  acme.misbehave({ kind: 'hang' });
  const answer = call('acme_get_item', { id: 'a' });
  const hanging = await acme.received();
  await clock.advance(2_000);
  expect(await hanging.ended).toBe('closed');
  expect(codeOf(await answer)).toBe('DEADLINE_EXCEEDED');
});

test('a lost write whose repetition is only rate-limited stays unknown', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'lose' });
  acme.misbehave({ kind: 'status', status: 429, times: 3, headers: { 'retry-after': '0' } });
  expect(codeOf(await call('acme_create_item_once', { name: 'x' }))).toBe('OUTCOME_UNKNOWN');
  expect(acme.requests).toHaveLength(4);
});

test('a lost write whose repetition is refused permanently was not made', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'status', status: 503 });
  acme.misbehave({ kind: 'status', status: 422 });
  expect(codeOf(await call('acme_create_item_once', { name: 'x' }))).toBe('UPSTREAM_REJECTED');
});

test('a POST of a read tool is not a write: losing its answer leaves nothing unknown', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'lose', times: 10 });
  expect(codeOf(await call('acme_search_items', { name: 'x' }))).toBe('UPSTREAM_UNAVAILABLE');
  expect(acme.requests).toHaveLength(4);
});

test('a refusal whose body breaks off still counts as that refusal, and leaves nothing unknown', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'truncate' });
  expect(codeOf(await call('acme_create_item', { name: 'forbidden' }))).toBe('UPSTREAM_REJECTED');
  expect(acme.requests).toHaveLength(1);
});

test('a stream that does not begin times out and is retried', async () => {
  const clock = manualClock();
  const { call } = host({ clock });
  acme.misbehave({ kind: 'hang' });
  const answer = call('acme_export_items', { most: 10 });
  const hanging = await acme.received(undefined, 1);
  await clock.advance(10_000);
  expect(await hanging.ended).toBe('closed');
  await waitForSleepers(clock, 2);
  await clock.advance(300);
  expect((await answer).structuredContent).toEqual({ ids: ['a', 'b', 'c'] });
});

test('an aborted read closes the upstream socket at once', async () => {
  // This clock does not advance, so only the abort can end the request.
  const { call } = host({ clock: manualClock() });
  acme.misbehave({ kind: 'hang' });
  const abort = new AbortController();
  const answer = call('acme_get_item', { id: 'a' }, { signal: abort.signal });
  const hanging = await acme.received();
  abort.abort();
  expect(await hanging.ended).toBe('closed');
  expect(codeOf(await answer)).toBe('CANCELLED');
});

test('an aborted write whose request was sent ends as unknown', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'hang' });
  const abort = new AbortController();
  const answer = call('acme_create_item', { name: 'x' }, { signal: abort.signal });
  await acme.received();
  abort.abort();
  expect(codeOf(await answer)).toBe('OUTCOME_UNKNOWN');
});

test('a write is retried if the vendor cannot be reached, because nothing was sent', async () => {
  const { call } = host();
  await acme.close();
  const answer = await call('acme_create_item', { name: 'x' });
  expect(codeOf(answer)).toBe('UPSTREAM_UNAVAILABLE');
  expect(textOf(answer)).toContain('4 attempts');
});

test('five failed attempts in a row open the breaker of that connection alone, and a success after a minute closes it', async () => {
  const clock = manualClock();
  const { host: made, call } = host({ clock, resilience: { retries: 0 } });
  acme.misbehave({ kind: 'status', status: 500, times: 5 });
  for (let i = 0; i < 5; i += 1) expect(codeOf(await call('acme_get_item', { id: 'a' }))).toBe('UPSTREAM_UNAVAILABLE');
  const refused = await call('acme_get_item', { id: 'a' });
  expect(codeOf(refused)).toBe('CIRCUIT_OPEN');
  expect(refused.meta).toMatchObject({ 'busbar/error': { retryAfterMs: 60_000 } });
  expect(acme.requests).toHaveLength(5);
  expect((await call('acme_get_item', { id: 'a', connection: 'two' })).structuredContent).toEqual({ id: 'a' });
  await clock.advance(60_000);
  expect((await call('acme_get_item', { id: 'a' })).structuredContent).toEqual({ id: 'a' });
  expect((await call('acme_get_item', { id: 'b' })).structuredContent).toEqual({ id: 'b' });
  await made.close(0);
});

test('4xx and 429 do not open the breaker', async () => {
  const { call } = host({ resilience: { retries: 0 } });
  acme.misbehave({ kind: 'status', status: 429, times: 6, headers: { 'retry-after': '0' } });
  for (let i = 0; i < 6; i += 1) expect(codeOf(await call('acme_get_item', { id: 'a' }))).toBe('RATE_LIMITED');
  expect((await call('acme_get_item', { id: 'a' })).structuredContent).toEqual({ id: 'a' });
});

/** A request passes through real sockets before it sets a timer. This waits for the timers, by turns of the event loop. */
async function waitForSleepers(clock: { readonly sleeping: number }, count: number): Promise<void> {
  while (clock.sleeping < count) await new Promise((resolve) => setImmediate(resolve));
}
