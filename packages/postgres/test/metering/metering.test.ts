import { randomUUID } from 'node:crypto';
import type { Call } from '@busbar/core';
import { manualClock } from '@busbar/core/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase, postgresMetering, reconcile, type Database, type PostgresMetering } from '../../src/index.ts';
import { admitToRun, answerOf, callOf, dump, ending, rowOf, staying, turn } from '../support/ledger.ts';
import { kinds, type Place } from '../support/databases.ts';

const leaseMs = 30_000;

describe.each(kinds)('the ledger on $kind', ({ place }) => {
  let at: Place;
  let database: Database;
  let clock = manualClock();
  let metering: PostgresMetering;
  const start = clock.now();
  const later = (ms: number) => new Date(start + ms);

  beforeAll(async () => {
    at = await place();
    database = await openDatabase(at.options);
  });
  afterAll(async () => {
    await database.close();
    await at.remove();
  });
  beforeEach(async () => {
    await Promise.all((['calls', 'claims', 'deliveries'] as const).map((table) => database.db.deleteFrom(table).execute()));
    clock = manualClock();
    metering = postgresMetering(database, { clock, replica: 'r1', leaseMs });
    return () => metering.drain();
  });

  /** A second replica. */
  const another = () => postgresMetering(database, { clock, replica: 'r2', leaseMs });

  test('a call has a row once it is admitted, and the row is complete once it is settled', async () => {
    const call = callOf({ address: '192.0.2.7', units: 3 });
    const priced = postgresMetering(database, { clock, replica: 'r1', leaseMs, prices: [{ perCall: 10, perUnit: 20 }] });
    const admission = await admitToRun(priced, call);
    const running = {
      call_id: call.callId,
      tenant: 'acme',
      principal: 'key_1',
      connector: 'zendesk',
      connection: 'con_1',
      tool: 'zendesk_create_ticket',
      effect: 'write',
      claim: expect.stringMatching(/^[0-9a-f]{64}$/),
      status: 'running',
      wrote: null,
      code: null,
      upstream_requests: 0,
      bytes_out: 0,
      tokens_out: 0,
      address: '192.0.2.7',
      units: 3,
      price: expect.toSatisfy((price) => Number(price) === 70),
      charged: true,
      counters: null,
      accepted: null,
      started_at: new Date(call.startedAt),
      ended_at: null,
      replica: 'r1',
      lease_until: later(leaseMs),
    };
    expect(await rowOf(database, call)).toEqual(running);
    await priced.settle(admission, ending('accepted', 'yes', { accepted: 'job-1' }));
    const bytes = JSON.stringify(answerOf('accepted')).length;
    expect(await rowOf(database, call)).toEqual({
      ...running,
      status: 'accepted',
      wrote: 'yes',
      upstream_requests: 2,
      bytes_out: bytes,
      tokens_out: Math.ceil(bytes / 4),
      accepted: 'job-1',
      ended_at: later(1_234),
      lease_until: null,
    });
  });

  test('a read that is recorded whole has the same row, counters and audit as an admitted and settled read', async () => {
    const both = postgresMetering(database, {
      clock,
      replica: 'r1',
      prices: [{ perCall: 10, perUnit: 20, free: ['cached'] }],
      quotas: (['calls', 'units', 'money'] as const).map((of) => ({ of, limit: 1_000, per: 'day', each: 'tenant' })),
      usageEvents: true,
    });
    const used = async () =>
      (await database.db.selectFrom('quota_counters').selectAll().orderBy('id').execute()).map(({ used }) => Number(used));
    const outbox = async () => (await database.db.selectFrom('usage_outbox').select('call_id').execute()).map(({ call_id }) => call_id);
    const lines = async (callId: string) => {
      const links = await database.db.selectFrom('audit_links').select('entries').orderBy('at').orderBy('link').execute();
      return links.flatMap(({ entries }) => entries.split('\n')).filter((line) => line.includes(callId));
    };
    const ends = [
      ending('executed', 'no'),
      ending('cached', 'no'),
      ending('accepted', 'yes', { accepted: 'job-1' }),
      ending('asked', 'no'),
      ending('failed', 'no', { code: 'UPSTREAM_UNAVAILABLE' }),
      ending('failed', 'no', { code: 'NOT_FOUND' }),
    ];
    const before = await used();
    for (const end of ends) {
      const [first, second] = ['one', 'two'].map((callId) =>
        callOf({
          callId: `${callId}-${randomUUID()}`,
          effect: 'read',
          key: undefined,
          inputHash: '',
          units: 3,
          auditInput: () => '{"a":"\\u0000"}',
        }),
      ) as [Call, Call];
      await both.settle(await admitToRun(both, first), end);
      const between = await used();
      await both.record(second, end);
      const after = await used();
      expect(after.map((count, at) => count - (between[at] ?? 0))).toEqual(between.map((count, at) => count - (before[at] ?? 0)));
      before.splice(0, before.length, ...after);
      const [settled, recorded] = [await rowOf(database, first), await rowOf(database, second)];
      expect(recorded).toEqual({ ...settled, call_id: second.callId });
      const nameless = async ({ callId }: Call) => (await lines(callId)).map((line) => line.replaceAll(callId, ''));
      expect((await nameless(second)).toSorted()).toEqual((await nameless(first)).toSorted());
      expect((await nameless(second)).map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
        'call.admitted',
        'call.ended',
      ]);
      expect((await outbox()).includes(second.callId)).toBe((await outbox()).includes(first.callId));
    }
    // Other tests delete rows and leave their audit.
    expect((await reconcile(database, { clock })).problems.filter((problem) => /one-|two-|counter/.test(problem))).toEqual([]);
    await both.drain();
  });

  test('a recorded read whose id was used before is refused, and the row does not change', async () => {
    const call = callOf({ effect: 'read', key: undefined });
    await metering.record(call, ending('executed', 'no'));
    await expect(metering.record(call, ending('failed', 'no'))).rejects.toThrow('was used before');
    expect(await rowOf(database, call)).toMatchObject({ status: 'executed' });
  });

  test('calls that are admitted and calls that are recorded share a transaction', async () => {
    const calls = Array.from({ length: 6 }, () => callOf({ effect: 'read', key: undefined }));
    await Promise.all(
      calls.map((call, index) => (index % 2 ? admitToRun(metering, call) : metering.record(call, ending('executed', 'no')))),
    );
    const links = await database.db.selectFrom('audit_links').select('entries').execute();
    expect(links.filter(({ entries }) => calls.some(({ callId }) => entries.includes(callId)))).toHaveLength(1);
  });

  test('a replay has its own row, under its own id', async () => {
    await metering.settle(await admitToRun(metering, callOf()), ending('executed', 'yes'));
    const duplicate = callOf();
    await metering.admit(duplicate, staying);
    expect(await rowOf(database, duplicate)).toMatchObject({
      status: 'replayed',
      wrote: 'no',
      charged: false,
      upstream_requests: 0,
      bytes_out: JSON.stringify(answerOf('executed')).length,
      ended_at: later(0),
      lease_until: null,
    });
  });

  test('the row of a failed call has the error’s code', async () => {
    const call = callOf({ effect: 'read', key: undefined });
    await metering.settle(await admitToRun(metering, call), ending('failed', 'no', { code: 'NOT_FOUND' }));
    expect(await rowOf(database, call)).toMatchObject({ status: 'failed', code: 'NOT_FOUND', claim: null });
  });

  test('no table contains an idempotency key', async () => {
    await metering.settle(await admitToRun(metering, callOf({ key: 'canary-4711' })), ending('executed', 'yes'));
    const all = await dump(database);
    expect(all).toContain('zendesk_create_ticket');
    expect(all).not.toContain('canary-4711');
  });

  test('a call id that was used before is refused, and its row does not change', async () => {
    const call = callOf({ key: undefined });
    await metering.settle(await admitToRun(metering, call), ending('executed', 'yes'));
    await expect(metering.admit(call, staying)).rejects.toThrow('was used before');
    expect(await rowOf(database, call)).toMatchObject({ status: 'executed' });
  });

  test('if one write has two settlements of a call, the first counts', async () => {
    const call = callOf();
    const admission = await admitToRun(metering, call);
    const ends = [ending('executed', 'yes'), ending('failed', 'no')];
    await Promise.all(ends.map((end) => metering.settle(admission, end)));
    expect(await rowOf(database, call)).toMatchObject({ status: 'executed' });
    expect((await metering.admit(callOf(), staying)).kind).toBe('replay');
  });

  test('a character that cannot be stored fails neither its call nor the calls that share its write', async () => {
    const odd = callOf({ key: undefined, principal: { tenant: 'a\u0000b', id: '\ud800', roles: [] } });
    const calls = [callOf({ key: 'first' }), odd, callOf({ key: 'second' })];
    const admissions = await Promise.all(calls.map((call) => admitToRun(metering, call)));
    await Promise.all(admissions.map((admission) => metering.settle(admission, ending('accepted', 'yes', { accepted: '\u0000\udfff' }))));
    expect(await rowOf(database, odd)).toMatchObject({
      tenant: 'a\ufffdb',
      principal: '\ufffd',
      status: 'accepted',
      accepted: '\ufffd\ufffd',
    });
  });

  test('a call whose answer was too large to keep is replayed as executed, without the answer', async () => {
    await metering.settle(await admitToRun(metering, callOf()), ending('executed', 'yes', { answer: answerOf('x'.repeat(64 * 1024)) }));
    expect(await metering.admit(callOf(), staying)).toMatchObject({
      kind: 'replay',
      answer: {
        content: [{ text: expect.stringMatching(/carried out before.*too large to be kept.*Do not repeat/s) }],
        isError: true,
        meta: { 'busbar/outcome': 'executed' },
      },
    });
    const largest = answerOf('x'.repeat(64 * 1024 - JSON.stringify(answerOf('')).length));
    await metering.settle(await admitToRun(metering, callOf({ key: 'k2' })), ending('executed', 'yes', { answer: largest }));
    expect(await metering.admit(callOf({ key: 'k2' }), staying)).toEqual({ kind: 'replay', answer: largest });
  });

  test('an unknown outcome whose answer is too large stays unknown', async () => {
    await metering.settle(await admitToRun(metering, callOf()), ending('unknown', 'unknown', { answer: answerOf('x'.repeat(64 * 1024)) }));
    await expect(metering.admit(callOf(), staying)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  });

  test('an answer is kept for 24 hours from the end of its call; then its key can be used again', async () => {
    await metering.settle(await admitToRun(metering, callOf()), ending('executed', 'yes', { endedAt: start }));
    await clock.advance(24 * 3_600_000 - 1);
    await metering.sweep();
    expect((await metering.admit(callOf(), staying)).kind).toBe('replay');
    await clock.advance(1);
    await metering.settle(await admitToRun(metering, callOf({ inputHash: 'h2' })), ending('executed', 'yes', { endedAt: clock.now() }));
    expect((await metering.admit(callOf({ inputHash: 'h2' }), staying)).kind).toBe('replay');
  });

  test('a sweep drops expired claims, and no others', async () => {
    await metering.settle(await admitToRun(metering, callOf({ key: 'old' })), ending('executed', 'yes', { endedAt: start }));
    await metering.settle(await admitToRun(metering, callOf({ key: 'new' })), ending('executed', 'yes', { endedAt: start + 1 }));
    await clock.advance(24 * 3_600_000);
    await metering.sweep();
    expect(await database.db.selectFrom('claims').select('expires_at').execute()).toEqual([{ expires_at: later(24 * 3_600_000 + 1) }]);
  });

  test('the first report of an accepted call becomes a row, and later reports change nothing', async () => {
    const report = { connector: 'mixpanel', connection: 'con_1', accepted: 'event-1', outcome: 'refused', message: 'no\u0000' } as const;
    await metering.report(report);
    await metering.report({ ...report, outcome: 'delivered' });
    expect(await database.db.selectFrom('deliveries').selectAll().execute()).toEqual([
      { connector: 'mixpanel', connection: 'con_1', accepted: 'event-1', outcome: 'refused', message: 'no\ufffd', reported_at: later(0) },
    ]);
  });

  describe('when a replica is gone', () => {
    const kindsOfCall = () => [callOf(), callOf({ key: undefined }), callOf({ key: undefined, effect: 'read' })];

    /** Admits calls on a replica that is then gone. */
    const leaveBehind = async () => {
      const gone = postgresMetering(database, { clock, replica: 'gone', leaseMs });
      const calls = kindsOfCall();
      const [first, second, read] = await Promise.all(calls.map((call) => admitToRun(gone, call)));
      await gone.drain();
      if (!first || !second || !read) throw new Error('three were admitted');
      return { gone, calls, writes: calls.slice(0, 2), admissions: [first, second], read };
    };

    test('a sweep does not touch its calls until their lease has expired', async () => {
      const { calls } = await leaveBehind();
      await clock.advance(leaseMs);
      expect(await metering.sweep()).toEqual({ unknown: 0, failed: 0 });
      for (const call of calls) expect(await rowOf(database, call)).toMatchObject({ status: 'running' });
    });

    test('a sweep ends calls that may have written as unknown and reads as failed, once, however many replicas sweep', async () => {
      const { calls } = await leaveBehind();
      await clock.advance(leaseMs + 1);
      const swept = await Promise.all([metering.sweep(), another().sweep(), another().sweep()]);
      expect(swept.reduce((sum, { unknown, failed }) => ({ unknown: sum.unknown + unknown, failed: sum.failed + failed }))).toEqual({
        unknown: 2,
        failed: 1,
      });
      const rows = await Promise.all(calls.map((call) => rowOf(database, call)));
      const write = { status: 'unknown', wrote: 'unknown', code: 'OUTCOME_UNKNOWN', ended_at: later(leaseMs + 1), replica: 'gone' };
      expect(rows).toMatchObject([write, write, { ...write, status: 'failed', wrote: 'no', code: 'UNAVAILABLE' }]);
    });

    test('its keys answer OUTCOME_UNKNOWN for as long as an answer is kept, even to duplicate calls that waited', async () => {
      await leaveBehind();
      const duplicate = another().admit(callOf(), staying);
      const seen = expect(duplicate).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      while (clock.sleeping === 0) await turn();
      await clock.advance(leaseMs + 1);
      await metering.sweep();
      while (clock.sleeping > 0) await clock.advance(100).then(turn);
      await seen;
      await expect(metering.admit(callOf(), staying)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      await expect(metering.admit(callOf({ inputHash: 'h2' }), staying)).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    });

    test('a sweep ends more calls than one page holds', async () => {
      const gone = postgresMetering(database, { clock, leaseMs });
      await Promise.all(Array.from({ length: 1_001 }, () => admitToRun(gone, callOf({ key: undefined, effect: 'read' }))));
      await gone.drain();
      await clock.advance(leaseMs + 1);
      expect(await metering.sweep()).toEqual({ unknown: 0, failed: 1_001 });
    });

    test('and settles after all, the outcome of its write replaces the sweep’s', async () => {
      const { gone, writes, admissions } = await leaveBehind();
      await clock.advance(leaseMs + 1);
      await metering.sweep();
      for (const admission of admissions) await gone.settle(admission, ending('executed', 'yes', { endedAt: clock.now() }));
      for (const call of writes) expect(await rowOf(database, call)).toMatchObject({ status: 'executed', wrote: 'yes', code: null });
      expect(await metering.admit(callOf(), staying)).toEqual({ kind: 'replay', answer: answerOf('executed') });
      expect(await metering.sweep()).toEqual({ unknown: 0, failed: 0 });
    });

    test('and settles after all, its read stays failed and refunded, and is not answered', async () => {
      const { gone, calls, read } = await leaveBehind();
      await clock.advance(leaseMs + 1);
      await metering.sweep();
      await expect(gone.settle(read, ending('executed', 'no'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(await rowOf(database, calls[2] ?? callOf())).toMatchObject({ status: 'failed', code: 'UNAVAILABLE', charged: false });
    });

    test('and settles after all without having written, its key is free again', async () => {
      const { gone, admissions } = await leaveBehind();
      await clock.advance(leaseMs + 1);
      await metering.sweep();
      for (const admission of admissions) await gone.settle(admission, ending('failed', 'no'));
      expect((await metering.admit(callOf(), staying)).kind).toBe('run');
    });

    test('and settles after its claim has expired and another call holds it, that call keeps it', async () => {
      const { gone, writes, admissions } = await leaveBehind();
      await clock.advance(leaseMs + 1);
      await metering.sweep();
      await clock.advance(24 * 3_600_000);
      const second = await admitToRun(metering, callOf());
      for (const admission of admissions) await gone.settle(admission, ending('executed', 'yes'));
      for (const call of writes) expect(await rowOf(database, call)).toMatchObject({ status: 'executed' });
      expect(await database.db.selectFrom('claims').select(['call_id', 'answer', 'expires_at']).execute()).toEqual([
        { call_id: second.call.callId, answer: null, expires_at: null },
      ]);
      const answer = answerOf('second');
      await metering.settle(second, ending('executed', 'yes', { answer, endedAt: clock.now() }));
      expect(await metering.admit(callOf(), staying)).toEqual({ kind: 'replay', answer });
    });

    test('a started metering sweeps by itself', async () => {
      const { calls } = await leaveBehind();
      await clock.advance(1);
      metering.start();
      metering.start();
      while (clock.sleeping === 0) await turn();
      expect(clock.sleeping).toBe(1);
      await clock.advance(leaseMs);
      for (const call of calls) await expect.poll(() => rowOf(database, call)).toMatchObject({ ended_at: later(leaseMs + 1) });
      await metering.drain();
      expect(clock.sleeping).toBe(0);
    });
  });

  test('a lease is renewed while its call runs, however long, and no timer is left when no call runs', async () => {
    const calls = [callOf(), callOf({ key: undefined })];
    const admissions = await Promise.all(calls.map((call) => admitToRun(metering, call)));
    for (let third = 1; third <= 6; third += 1) {
      while (clock.sleeping === 0) await turn();
      await clock.advance(leaseMs / 3);
      for (const call of calls)
        await expect.poll(() => rowOf(database, call)).toMatchObject({ lease_until: later((third * leaseMs) / 3 + leaseMs) });
    }
    expect(await another().sweep()).toEqual({ unknown: 0, failed: 0 });
    for (const admission of admissions) await metering.settle(admission, ending('executed', 'yes'));
    expect(clock.sleeping).toBe(0);
  });
});
