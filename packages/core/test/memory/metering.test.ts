import { expect, test } from 'vitest';
import { memoryMetering, type Admission, type Answer, type Call, type Metering, type Outcome } from '../../src/index.ts';
import { manualClock, meteringChecks } from '../../src/testing/index.ts';

const principal = { tenant: 'acme', id: 'key-1', roles: [] };
const live = new AbortController();

function call(over: Partial<Call> = {}): Call {
  const base = {
    callId: 'c1',
    principal,
    connector: 'zendesk',
    connection: 'conn-1',
    tool: 'zendesk_create_ticket',
    effect: 'write',
  } as const;
  return { ...base, key: 'k1', inputHash: 'h1', units: 1, arguments: {}, auditInput: () => '{}', startedAt: 0, ...over };
}

const answer = (text: string): Answer => ({ content: [{ type: 'text', text }] });

function outcome(status: Outcome['status'], wrote: Outcome['wrote'], text: string = status): Outcome {
  return { status, wrote, answer: answer(text), upstreamRequests: 1, endedAt: 1 };
}

async function admitted(metering: Metering, input: Call = call()): Promise<Admission> {
  const result = await metering.admit(input, live);
  if (result.kind !== 'run') throw new Error('was replayed');
  return result.admission;
}

test.each(meteringChecks(async (policy) => ({ first: memoryMetering(policy), close: async () => {} })))('$name', async ({ run }) => {
  await expect(run()).resolves.toBeUndefined();
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

test('admit reads the signal of a call only to wait for a duplicate', async () => {
  let reads = 0;
  const options = {
    get signal() {
      reads += 1;
      return live.signal;
    },
  };
  const metering = memoryMetering();
  await metering.admit(call({ effect: 'read', key: undefined }), options);
  const first = await metering.admit(call(), options);
  expect(reads).toBe(0);
  const duplicate = metering.admit(call(), options);
  expect(reads).toBe(1);
  if (first.kind === 'run') await metering.settle(first.admission, outcome('executed', 'yes'));
  expect((await duplicate).kind).toBe('replay');
});

test('a settlement that cannot be recorded throws, and a repeated call after a write is refused as unknown', async () => {
  let broken = true;
  const metering = memoryMetering({
    record: () => {
      if (broken) throw new Error('no disk');
    },
  });
  const admission = await admitted(metering);
  const duplicate = metering.admit(call(), live);
  await expect(metering.settle(admission, outcome('executed', 'yes'))).rejects.toThrow('no disk');
  await expect(duplicate).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  broken = false;
  await expect(metering.admit(call(), live)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
});

test('a settlement that cannot be recorded releases the claim if nothing was written', async () => {
  const metering = memoryMetering({ record: () => Promise.reject(new Error('no disk')) });
  await expect(metering.settle(await admitted(metering), outcome('executed', 'no'))).rejects.toThrow('no disk');
  expect((await metering.admit(call(), live)).kind).toBe('run');
});

test('a settlement that cannot be recorded refunds the quota if nothing was written, and keeps the charge after a write', async () => {
  const metering = memoryMetering({
    record: () => Promise.reject(new Error('no disk')),
    quotas: [{ of: 'calls', limit: 1, per: 'day', each: 'tenant' }],
  });
  for (const key of ['a', 'b', 'c'])
    await expect(metering.settle(await admitted(metering, call({ key })), outcome('executed', 'no'))).rejects.toThrow('no disk');
  await expect(metering.settle(await admitted(metering), outcome('executed', 'yes'))).rejects.toThrow('no disk');
  await expect(metering.admit(call({ key: 'd' }), live)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
});

test('drops an answer when it expires', async () => {
  const clock = manualClock();
  const metering = memoryMetering({ clock, keepMs: 1_000 });
  await metering.settle(await admitted(metering), outcome('executed', 'yes'));
  await clock.advance(999);
  expect((await metering.admit(call(), live)).kind).toBe('replay');
  await clock.advance(1);
  expect((await metering.admit(call(), live)).kind).toBe('run');
});

test('drops the oldest answer at its bound, and never a running call', async () => {
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

test('keeps no more answers than its byte limit allows', async () => {
  const metering = memoryMetering({ maxBytes: 25_000 });
  for (const key of ['a', 'b', 'c']) {
    await metering.settle(await admitted(metering, call({ key })), outcome('executed', 'yes', key.repeat(5_000)));
  }
  expect((await metering.admit(call({ key: 'c' }), live)).kind).toBe('replay');
  expect((await metering.admit(call({ key: 'b' }), live)).kind).toBe('replay');
  expect((await metering.admit(call({ key: 'a' }), live)).kind).toBe('run');
});

test.each([-86_400_000, 86_400_000])('a correction of the clock by %i ms does not change how long an answer is kept', async (ms) => {
  const clock = manualClock();
  const metering = memoryMetering({ clock, keepMs: 60_000 });
  await metering.settle(await admitted(metering), outcome('executed', 'yes'));
  clock.adjust(ms);
  await clock.advance(59_999);
  expect((await metering.admit(call(), live)).kind).toBe('replay');
  await clock.advance(1);
  expect((await metering.admit(call(), live)).kind).toBe('run');
});
