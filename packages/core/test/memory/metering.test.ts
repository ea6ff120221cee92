import { expect, test } from 'vitest';
import { memoryMetering, type Admission, type Answer, type Call, type Metering, type Outcome } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';

const principal = { tenant: 'acme', id: 'key-1', roles: [] };
const live = new AbortController().signal;

function call(over: Partial<Call> = {}): Call {
  const base = {
    callId: 'c1',
    principal,
    connector: 'zendesk',
    connection: 'conn-1',
    tool: 'zendesk_create_ticket',
    effect: 'write',
  } as const;
  return { ...base, key: 'k1', inputHash: 'h1', startedAt: 0, ...over };
}

const answer = (text: string): Answer => ({ content: [{ type: 'text', text }] });

function outcome(status: Outcome['status'], wrote: Outcome['wrote'], text: string = status): Outcome {
  return { status, wrote, answer: answer(text), upstreamRequests: 1, endedAt: 1 };
}

async function admitted(metering: Metering, given: Call = call()): Promise<Admission> {
  const result = await metering.admit(given, live);
  if (result.kind !== 'run') throw new Error('was replayed');
  return result.admission;
}

/** What has become of a promise, after everything that could move has moved. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  let state = 'pending';
  promise.then(
    () => (state = 'resolved'),
    () => (state = 'rejected'),
  );
  await new Promise<void>((resolve) => void setImmediate(resolve));
  return state;
}

test('replays the answer of a call with the same key', async () => {
  const metering = memoryMetering();
  await metering.settle(await admitted(metering), outcome('executed', 'yes', 'made 1'));
  expect(await metering.admit(call({ callId: 'c2' }), live)).toEqual({ kind: 'replay', answer: answer('made 1') });
});

test('a replayed answer is a copy', async () => {
  const metering = memoryMetering();
  const kept = outcome('executed', 'yes', 'made 1');
  await metering.settle(await admitted(metering), kept);
  const first = await metering.admit(call(), live);
  if (first.kind !== 'replay') throw new Error('ran again');
  Object.assign(first.answer, { content: [] });
  Object.assign(kept.answer, { content: [] });
  expect(await metering.admit(call(), live)).toEqual({ kind: 'replay', answer: answer('made 1') });
});

test('refuses a key that comes with other arguments, running or ended', async () => {
  const metering = memoryMetering();
  const admission = await admitted(metering);
  const other = call({ inputHash: 'h2' });
  await expect(metering.admit(other, live)).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  await metering.settle(admission, outcome('executed', 'yes'));
  await expect(metering.admit(other, live)).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
});

test.each([
  ['tenant', { principal: { ...principal, tenant: 'other' } }],
  ['connection', { connection: 'conn-2' }],
  ['tool', { tool: 'zendesk_add_comment' }],
  ['key', { key: 'k2' }],
])('another %s is another claim', async (_, over) => {
  const metering = memoryMetering();
  await metering.settle(await admitted(metering), outcome('executed', 'yes'));
  expect((await metering.admit(call({ inputHash: 'h2', ...over }), live)).kind).toBe('run');
});

test('a user of the same tenant shares the claim', async () => {
  const metering = memoryMetering();
  await metering.settle(await admitted(metering), outcome('executed', 'yes'));
  expect((await metering.admit(call({ principal: { ...principal, id: 'key-2' } }), live)).kind).toBe('replay');
});

test('calls without a key, and reads, claim nothing', async () => {
  const metering = memoryMetering();
  for (const one of [call({ key: undefined }), call({ effect: 'read' })]) {
    const first = await admitted(metering, one);
    expect((await metering.admit(one, live)).kind).toBe('run');
    await metering.settle(first, outcome('executed', 'no'));
    expect((await metering.admit(one, live)).kind).toBe('run');
  }
});

test('waits for a running twin and replays its answer', async () => {
  const metering = memoryMetering();
  const admission = await admitted(metering);
  const twin = metering.admit(call({ callId: 'c2' }), live);
  expect(await stateOf(twin)).toBe('pending');
  await metering.settle(admission, outcome('executed', 'yes', 'made 1'));
  expect(await twin).toEqual({ kind: 'replay', answer: answer('made 1') });
});

test('of many waiters one runs when the twin failed without writing, and the others wait on', async () => {
  const metering = memoryMetering();
  const first = await admitted(metering);
  const waiters = [2, 3, 4].map((n) => metering.admit(call({ callId: `c${n}` }), live));
  await metering.settle(first, outcome('failed', 'no'));
  expect(await Promise.all(waiters.map(stateOf))).toEqual(['resolved', 'pending', 'pending']);

  const second = await waiters[0];
  if (second?.kind !== 'run') throw new Error('was replayed');
  expect(second.admission.call.callId).toBe('c2');
  await metering.settle(second.admission, outcome('executed', 'yes', 'made 1'));
  expect(await Promise.all(waiters.slice(1))).toEqual([
    { kind: 'replay', answer: answer('made 1') },
    { kind: 'replay', answer: answer('made 1') },
  ]);
});

test('a waiter ends with the reason of its signal and leaves the claim alone', async () => {
  const metering = memoryMetering();
  const admission = await admitted(metering);
  const caller = new AbortController();
  const twin = metering.admit(call(), caller.signal);
  caller.abort(new Error('gone'));
  await expect(twin).rejects.toThrow('gone');
  await expect(metering.admit(call(), caller.signal)).rejects.toThrow('gone');
  await metering.settle(admission, outcome('executed', 'yes', 'made 1'));
  expect((await metering.admit(call(), live)).kind).toBe('replay');
});

test.each([
  ['failed', 'no', 'run'],
  ['asked', 'no', 'run'],
  ['failed', 'yes', 'replay'],
  ['failed', 'unknown', 'replay'],
  ['unknown', 'unknown', 'replay'],
  ['accepted', 'no', 'replay'],
  ['executed', 'no', 'replay'],
] as const)('after %s with wrote: %s, a repetition means %s', async (status, wrote, kind) => {
  const metering = memoryMetering();
  await metering.settle(await admitted(metering), outcome(status, wrote));
  expect((await metering.admit(call(), live)).kind).toBe(kind);
});

test('the end of an earlier run does not end a later one of the same key', async () => {
  const metering = memoryMetering();
  const first = await admitted(metering);
  await metering.settle(first, outcome('failed', 'no'));
  await admitted(metering);
  await metering.settle(first, outcome('executed', 'yes', 'late'));
  expect(await stateOf(metering.admit(call(), live))).toBe('pending');
});

test('records every end, every replay and every report', async () => {
  const seen: unknown[] = [];
  const metering = memoryMetering({
    record: async ({ callId }, ended) => void seen.push([callId, ended === 'replayed' ? ended : ended.status]),
    recordReport: async ({ accepted, outcome: ended }) => void seen.push([accepted, ended]),
  });
  await metering.settle(await admitted(metering), outcome('accepted', 'yes'));
  await metering.admit(call({ callId: 'c2' }), live);
  await metering.settle(await admitted(metering, call({ callId: 'c3', effect: 'read' })), outcome('cached', 'no'));
  await metering.report({ connector: 'mixpanel', connection: 'conn-1', accepted: 'event-1', outcome: 'delivered' });
  expect(seen).toEqual([
    ['c1', 'accepted'],
    ['c2', 'replayed'],
    ['c3', 'cached'],
    ['event-1', 'delivered'],
  ]);
});

test('a settle that cannot be recorded throws, and a repetition after a write is refused as unknown', async () => {
  let broken = true;
  const metering = memoryMetering({
    record: () => {
      if (broken) throw new Error('no disk');
    },
  });
  const admission = await admitted(metering);
  const twin = metering.admit(call(), live);
  await expect(metering.settle(admission, outcome('executed', 'yes'))).rejects.toThrow('no disk');
  await expect(twin).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  broken = false;
  await expect(metering.admit(call(), live)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
});

test('a settle that cannot be recorded gives the claim back where nothing was written', async () => {
  const metering = memoryMetering({ record: () => Promise.reject(new Error('no disk')) });
  await expect(metering.settle(await admitted(metering), outcome('executed', 'no'))).rejects.toThrow('no disk');
  expect((await metering.admit(call(), live)).kind).toBe('run');
});

test('forgets an answer after its time', async () => {
  const clock = manualClock();
  const metering = memoryMetering({ clock, keepMs: 1_000 });
  await metering.settle(await admitted(metering), outcome('executed', 'yes'));
  await clock.advance(999);
  expect((await metering.admit(call(), live)).kind).toBe('replay');
  await clock.advance(1);
  expect((await metering.admit(call(), live)).kind).toBe('run');
});

test('at its bound the oldest answer makes room, and no running call does', async () => {
  const metering = memoryMetering({ maxKeys: 3 });
  const running = await admitted(metering, call({ key: 'running' }));
  for (const key of ['a', 'b', 'c']) await metering.settle(await admitted(metering, call({ key })), outcome('executed', 'yes', key));
  expect((await metering.admit(call({ key: 'b' }), live)).kind).toBe('replay');
  expect((await metering.admit(call({ key: 'c' }), live)).kind).toBe('replay');
  expect((await metering.admit(call({ key: 'a' }), live)).kind).toBe('run');
  await metering.settle(running, outcome('executed', 'yes', 'still here'));
  expect(await metering.admit(call({ key: 'running' }), live)).toEqual({ kind: 'replay', answer: answer('still here') });
});

test('refuses as overloaded while every key is running, and leaves no claim', async () => {
  const metering = memoryMetering({ maxKeys: 2 });
  const first = await admitted(metering, call({ key: 'a' }));
  await admitted(metering, call({ key: 'b' }));
  await expect(metering.admit(call({ key: 'c' }), live)).rejects.toMatchObject({ code: 'OVERLOADED' });
  await metering.settle(first, outcome('failed', 'no'));
  expect((await metering.admit(call({ key: 'c' }), live)).kind).toBe('run');
});

test('keeps no more answers than fit its bytes', async () => {
  const metering = memoryMetering({ maxBytes: 25_000 });
  for (const key of ['a', 'b', 'c']) {
    await metering.settle(await admitted(metering, call({ key })), outcome('executed', 'yes', key.repeat(5_000)));
  }
  expect((await metering.admit(call({ key: 'c' }), live)).kind).toBe('replay');
  expect((await metering.admit(call({ key: 'b' }), live)).kind).toBe('replay');
  expect((await metering.admit(call({ key: 'a' }), live)).kind).toBe('run');
});
