import { expect, test } from 'vitest';
import { localPrincipal, memoryMetering, type Call, type CallRequest, type Outcome } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { codeOf, useAcme, type Acme } from '../support/acme.ts';

const windowMs = 60_000;
const write = 'acme_create_item_once';

let acme: Acme;
const hostWith = useAcme((started) => (acme = started));

function hostWithWindow(repeatWindowMs = windowMs) {
  const clock = manualClock();
  const ends: (Outcome['status'] | 'replayed')[] = [];
  const record = (_: Call, outcome: Outcome | 'replayed') => void ends.push(outcome === 'replayed' ? outcome : outcome.status);
  const keyed: boolean[] = [];
  const { host, call } = hostWith({
    clock,
    repeatWindowMs,
    resilience: { retries: 0 },
    metering: memoryMetering({ clock, record }),
    observer: { call: (event) => void keyed.push(event.keyed) },
  });
  const callAs = (over: Partial<CallRequest>) =>
    host.call({ principal: localPrincipal, tool: write, arguments: { name: 'lamp' }, signal: new AbortController().signal, ...over });
  return { call, callAs, clock, ends, keyed };
}
const vendorKeys = () => acme.requests.map(({ headers }) => headers['idempotency-key']);

test('an equal write gets the answer of the first if it comes within the window after the first has ended', async () => {
  const { call, clock, ends, keyed } = hostWithWindow();
  const first = await call(write, { name: 'lamp' });
  await clock.advance(windowMs - 1);
  expect(await call(write, { name: 'lamp' })).toEqual(first);
  expect(ends).toEqual(['executed', 'replayed']);
  expect(keyed).toEqual([true, true]);
  expect(acme.requests).toHaveLength(1);
});

test('an equal write after the window runs again, and is another write to the vendor', async () => {
  const { call, clock, ends } = hostWithWindow();
  await call(write, { name: 'lamp' });
  await clock.advance(windowMs);
  await call(write, { name: 'lamp' });
  expect(ends).toEqual(['executed', 'executed']);
  expect(acme.created).toHaveLength(2);
  expect(new Set(vendorKeys()).size).toBe(2);
});

test('equal writes at the same time run once, in any order of their arguments', async () => {
  const { call, ends } = hostWithWindow();
  const answers = await Promise.all([
    call(write, { name: 'lamp', connection: 'one' }),
    call(write, { connection: 'one', name: 'lamp' }),
    call(write, { name: 'lamp' }),
  ]);
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(ends.toSorted()).toEqual(['executed', 'replayed', 'replayed']);
  expect(acme.created).toHaveLength(1);
});

test('a write with another principal, tool or connection, or with other arguments, runs', async () => {
  const { callAs, ends } = hostWithWindow();
  await callAs({});
  await callAs({ principal: { ...localPrincipal, id: 'another' } });
  await callAs({ arguments: { name: 'chair' } });
  await callAs({ arguments: { name: 'lamp', connection: 'two' } });
  await callAs({ tool: 'acme_create_item' });
  expect(ends).toEqual(Array.from({ length: 5 }, () => 'executed'));
});

test('a client’s key takes precedence: equal writes with two keys, or one with and one without a key, run separately', async () => {
  const { call, ends } = hostWithWindow();
  await call(write, { name: 'lamp' }, { idempotencyKey: 'a' });
  await call(write, { name: 'lamp' }, { idempotencyKey: 'b' });
  await call(write, { name: 'lamp' });
  await call(write, { name: 'lamp' }, { idempotencyKey: 'a' });
  expect(ends).toEqual(['executed', 'executed', 'executed', 'replayed']);
  expect(new Set(vendorKeys()).size).toBe(3);
});

test('a client’s key outlives the window, and gives the vendor the same key each time', async () => {
  const { call, clock, ends } = hostWithWindow();
  acme.misbehave({ kind: 'status', status: 429 });
  expect(codeOf(await call(write, { name: 'lamp' }, { idempotencyKey: 'a' }))).toBe('RATE_LIMITED');
  await call(write, { name: 'lamp' }, { idempotencyKey: 'a' });
  await clock.advance(windowMs * 2);
  await call(write, { name: 'lamp' }, { idempotencyKey: 'a' });
  expect(ends).toEqual(['failed', 'executed', 'replayed']);
  expect(new Set(vendorKeys()).size).toBe(1);
});

test('equal reads always run separately', async () => {
  const { call, ends, keyed } = hostWithWindow();
  await call('acme_get_item', { id: 'x' });
  await call('acme_get_item', { id: 'x' }, { idempotencyKey: 'a' });
  expect(ends).toEqual(['executed', 'executed']);
  expect(keyed).toEqual([false, false]);
  expect(acme.requests).toHaveLength(2);
});

test('a write that failed without writing runs again at once', async () => {
  const { call, ends } = hostWithWindow();
  acme.misbehave({ kind: 'status', status: 429 });
  expect(codeOf(await call(write, { name: 'lamp' }))).toBe('RATE_LIMITED');
  expect(codeOf(await call(write, { name: 'lamp' }))).toBeUndefined();
  expect(ends).toEqual(['failed', 'executed']);
});

test('without a window, equal writes run separately', async () => {
  const { call, ends, keyed } = hostWithWindow(0);
  await call(write, { name: 'lamp' });
  await call(write, { name: 'lamp' });
  expect(ends).toEqual(['executed', 'executed']);
  expect(keyed).toEqual([false, false]);
});
