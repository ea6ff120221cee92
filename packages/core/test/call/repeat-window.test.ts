import { expect, test } from 'vitest';
import { localPrincipal, memoryMetering, type Call, type CallRequest, type Outcome } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { codeOf, useAcme, type Acme } from '../support/acme.ts';

const windowMs = 60_000;
const write = 'acme_create_item_once';

let acme: Acme;
const hostWith = useAcme((started) => (acme = started));

function windowed(repeatWindowMs = windowMs) {
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
  const as = (over: Partial<CallRequest>) =>
    host.call({ principal: localPrincipal, tool: write, arguments: { name: 'lamp' }, signal: new AbortController().signal, ...over });
  return { call, as, clock, ends, keyed };
}
const vendorKeys = () => acme.requests.map(({ headers }) => headers['idempotency-key']);

test('an equal write within the window of the first one’s end gets its answer', async () => {
  const { call, clock, ends, keyed } = windowed();
  const first = await call(write, { name: 'lamp' });
  await clock.advance(windowMs - 1);
  expect(await call(write, { name: 'lamp' })).toEqual(first);
  expect(ends).toEqual(['executed', 'replayed']);
  expect(keyed).toEqual([true, true]);
  expect(acme.requests).toHaveLength(1);
});

test('after the window it runs again, and is another write to the vendor', async () => {
  const { call, clock, ends } = windowed();
  await call(write, { name: 'lamp' });
  await clock.advance(windowMs);
  await call(write, { name: 'lamp' });
  expect(ends).toEqual(['executed', 'executed']);
  expect(acme.created).toHaveLength(2);
  expect(new Set(vendorKeys()).size).toBe(2);
});

test('equal writes at the same time are one, however their arguments are ordered', async () => {
  const { call, ends } = windowed();
  const answers = await Promise.all([
    call(write, { name: 'lamp', connection: 'one' }),
    call(write, { connection: 'one', name: 'lamp' }),
    call(write, { name: 'lamp' }),
  ]);
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(ends.toSorted()).toEqual(['executed', 'replayed', 'replayed']);
  expect(acme.created).toHaveLength(1);
});

test('another principal, tool, connection or other arguments run', async () => {
  const { as, ends } = windowed();
  await as({});
  await as({ principal: { ...localPrincipal, id: 'another' } });
  await as({ arguments: { name: 'chair' } });
  await as({ arguments: { name: 'lamp', connection: 'two' } });
  await as({ tool: 'acme_create_item' });
  expect(ends).toEqual(Array.from({ length: 5 }, () => 'executed'));
});

test('a key of the client’s own wins: equal writes under two keys are two, and one under a key is none without', async () => {
  const { call, ends } = windowed();
  await call(write, { name: 'lamp' }, { idempotencyKey: 'a' });
  await call(write, { name: 'lamp' }, { idempotencyKey: 'b' });
  await call(write, { name: 'lamp' });
  await call(write, { name: 'lamp' }, { idempotencyKey: 'a' });
  expect(ends).toEqual(['executed', 'executed', 'executed', 'replayed']);
  expect(new Set(vendorKeys()).size).toBe(3);
});

test('a key of the client’s own outlives the window, and goes to the vendor as it is each time', async () => {
  const { call, clock, ends } = windowed();
  acme.misbehave({ kind: 'status', status: 429 });
  expect(codeOf(await call(write, { name: 'lamp' }, { idempotencyKey: 'a' }))).toBe('RATE_LIMITED');
  await call(write, { name: 'lamp' }, { idempotencyKey: 'a' });
  await clock.advance(windowMs * 2);
  await call(write, { name: 'lamp' }, { idempotencyKey: 'a' });
  expect(ends).toEqual(['failed', 'executed', 'replayed']);
  expect(new Set(vendorKeys()).size).toBe(1);
});

test('reads are never held together', async () => {
  const { call, ends, keyed } = windowed();
  await call('acme_get_item', { id: 'x' });
  await call('acme_get_item', { id: 'x' }, { idempotencyKey: 'a' });
  expect(ends).toEqual(['executed', 'executed']);
  expect(keyed).toEqual([false, false]);
  expect(acme.requests).toHaveLength(2);
});

test('a write that failed without writing runs again at once', async () => {
  const { call, ends } = windowed();
  acme.misbehave({ kind: 'status', status: 429 });
  expect(codeOf(await call(write, { name: 'lamp' }))).toBe('RATE_LIMITED');
  expect(codeOf(await call(write, { name: 'lamp' }))).toBeUndefined();
  expect(ends).toEqual(['failed', 'executed']);
});

test('without a window equal writes are two', async () => {
  const { call, ends, keyed } = windowed(0);
  await call(write, { name: 'lamp' });
  await call(write, { name: 'lamp' });
  expect(ends).toEqual(['executed', 'executed']);
  expect(keyed).toEqual([false, false]);
});
