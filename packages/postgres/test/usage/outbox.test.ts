import type { Logger, UsageRecord } from '@busbar/core';
import { manualClock } from '@busbar/core/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  openDatabase,
  postgresMetering,
  usageOutbox,
  type Database,
  type UsageDelivery,
  type UsageOutboxOptions,
} from '../../src/index.ts';
import { kinds, type Place } from '../support/databases.ts';
import { admitToRun, callOf, ending } from '../support/ledger.ts';
import { ledgerRow, writeCalls, writeEvents } from './usage-rows.ts';

const start = Date.UTC(2026, 0, 2);
const hourMs = 60 * 60_000;
const delivered: UsageDelivery = { status: 'delivered' };
const idsOf = (records: readonly UsageRecord[]) => records.map(({ callId }) => callId);

describe.each(kinds)('the outbox of usage events on $kind', (kind) => {
  let place: Place;
  let database: Database;
  beforeAll(async () => {
    place = await kind.place();
    database = await openDatabase(place.options);
  });
  afterAll(async () => {
    await database.close();
    await place.remove();
  });
  beforeEach(async () => {
    await database.db.deleteFrom('usage_outbox').execute();
  });

  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  /** Creates charged calls with events that are due. */
  async function events(count: number, over: Parameters<typeof ledgerRow>[0] = {}): Promise<string[]> {
    const ids = await writeCalls(
      database,
      Array.from({ length: count }, () => ledgerRow(over)),
    );
    await writeEvents(database, ids, start);
    return ids;
  }
  const waiting = async () =>
    (await database.db.selectFrom('usage_outbox').select(['call_id', 'due_at', 'attempts']).execute()).map((row) => ({
      callId: row.call_id,
      inMs: row.due_at.getTime() - start,
      attempts: row.attempts,
    }));

  /** A running replica with its own clock, and its log. */
  function replica(send: UsageOutboxOptions['send'], over: Partial<UsageOutboxOptions> = {}) {
    const time = manualClock(start);
    // The number of sleeps between rounds. A sleep of 30 seconds is always the time limit of a send.
    let pauses = 0;
    const clock: typeof time = {
      ...time,
      async sleep(ms, signal) {
        const pause = ms === 30_000 ? 0 : 1;
        pauses += pause;
        await time.sleep(ms, signal).finally(() => (pauses -= pause));
      },
    };
    const logged: [level: string, fields: object, message: string][] = [];
    const to = (level: string) => (fields: object, message: string) => void logged.push([level, fields, message]);
    const log: Logger = { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') };
    const outbox = usageOutbox(database, { clock, log, send, ...over });
    ends.push(() => outbox.drain());
    outbox.start();
    /** Waits until the outbox has finished a round and sleeps. */
    const idle = () => expect.poll(() => pauses, { interval: 5, timeout: 5_000 }).toBe(1);
    return {
      clock,
      logged,
      outbox,
      idle,
      /** Advances the clock, and waits until the outbox sleeps again. */
      async pass(ms: number) {
        await idle();
        await clock.advance(ms);
        await idle();
      },
    };
  }

  test('a settled call that is charged is delivered and leaves the outbox; a refunded call is never in it', async () => {
    const metering = postgresMetering(database, { clock: manualClock(start), usageEvents: true });
    ends.push(() => metering.drain());
    const read = { key: undefined, effect: 'read', units: 3 } as const;
    const [charged, refunded] = [callOf(read), callOf(read)];
    await metering.settle(await admitToRun(metering, charged), ending('executed', 'no'));
    await metering.settle(await admitToRun(metering, refunded), ending('failed', 'no', { code: 'UPSTREAM_UNAVAILABLE' }));
    const sent: UsageRecord[] = [];
    const { idle } = replica(async (records) => {
      sent.push(...records);
      return records.map(() => delivered);
    });
    await idle();
    expect(sent).toEqual([
      {
        callId: charged.callId,
        tenant: 'acme',
        key: 'key_1',
        connector: 'zendesk',
        connection: 'con_1',
        tool: 'zendesk_create_ticket',
        status: 'executed',
        units: 3,
        price: 0,
        upstreamRequests: 2,
        bytesOut: expect.any(Number),
        tokensOut: expect.any(Number),
        startedAt: Date.UTC(2026, 0, 1),
        endedAt: Date.UTC(2026, 0, 1) + 1_234,
      },
    ]);
    expect(await waiting()).toEqual([]);
  });

  test('sends at most 100 at a time, one batch after the other, without a pause between full batches', async () => {
    const ids = await events(250);
    const batches: string[][] = [];
    let inside = 0;
    const { idle } = replica(async (records) => {
      expect((inside += 1)).toBe(1);
      batches.push(idsOf(records));
      await new Promise(setImmediate);
      inside -= 1;
      return records.map(() => delivered);
    });
    await idle();
    expect(batches.map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(batches.flat().sort()).toEqual(ids.sort());
  });

  test('two replicas share the work and take no event twice', async () => {
    const ids = await events(300);
    const sent: string[] = [];
    const send: UsageOutboxOptions['send'] = async (records) => {
      sent.push(...idsOf(records));
      return records.map(() => delivered);
    };
    await Promise.all([replica(send), replica(send)].map(({ idle }) => idle()));
    expect(sent.sort()).toEqual(ids.sort());
    expect(await waiting()).toEqual([]);
  });

  // PGlite has one connection, so nothing runs during a transaction.
  test.runIf(kind.kind === 'postgresql')('events that another replica is taking are left to it, without waiting', async () => {
    const [held = '', free] = await events(2);
    await database.db.transaction().execute(async (transaction) => {
      await transaction.selectFrom('usage_outbox').select('call_id').where('call_id', '=', held).forUpdate().execute();
      const sent: string[] = [];
      const { idle } = replica(async (records) => {
        sent.push(...idsOf(records));
        return records.map(() => delivered);
      });
      await idle();
      expect(sent).toEqual([free]);
    });
  });

  test('the outbox looks for new events every two seconds', async () => {
    const sent: string[] = [];
    const { idle, pass } = replica(async (records) => {
      sent.push(...idsOf(records));
      return records.map(() => delivered);
    });
    await idle();
    const ids = await events(1);
    await pass(1_999);
    expect(sent).toEqual([]);
    await pass(1);
    expect(sent).toEqual(ids);
  });

  test('a failing receiver gets another request after 2, 4, 8 seconds, and no event is lost', async () => {
    const ids = await events(2);
    let requests = 0;
    const { clock, logged, idle, pass } = replica(async (records) => {
      requests += 1;
      if (requests <= 3) throw new Error('no receiver');
      return records.map(() => delivered);
    });
    await idle();
    expect(await waiting()).toEqual(ids.map((callId) => ({ callId, inMs: 2_000, attempts: 1 })));
    await pass(1_999);
    expect(requests).toBe(1);
    await pass(1);
    await pass(3_999);
    expect(requests).toBe(2);
    await pass(1);
    expect(requests).toBe(3);
    expect(await waiting()).toEqual(ids.map((callId) => ({ callId, inMs: 14_000, attempts: 3 })));
    await pass(8_000);
    expect(clock.now() - start).toBe(14_000);
    expect(requests).toBe(4);
    expect(await waiting()).toEqual([]);
    expect(logged.filter(([level]) => level === 'warn').map(([, , message]) => message)).toContain('Sending usage events failed');
  });

  test('waits at most an hour between two attempts for an event, and at most a minute between two requests to the receiver', async () => {
    const [callId = ''] = await events(1);
    await database.db.updateTable('usage_outbox').set({ attempts: 40 }).execute();
    let requests = 0;
    const { idle, pass } = replica(async () => {
      requests += 1;
      return [{ status: 'later', reason: 'away' }];
    });
    await idle();
    expect(await waiting()).toEqual([{ callId, inMs: hourMs, attempts: 41 }]);
    // The number of new events does not matter.
    for (const [failures, seconds] of [2, 4, 8, 16, 32, 60, 60].entries()) {
      await events(1);
      await pass(seconds * 1_000 - 1);
      expect(requests).toBe(failures + 1);
      await pass(1);
      expect(requests).toBe(failures + 2);
    }
  });

  test('a receiver that names a time gets no request before it, from any replica', async () => {
    const [callId] = await events(1);
    let requests = 0;
    const send: UsageOutboxOptions['send'] = async () => {
      requests += 1;
      return [{ status: 'later', reason: 'status 429', retryAfterMs: 120_000 }];
    };
    const first = replica(send);
    await first.idle();
    expect(await waiting()).toEqual([{ callId, inMs: 120_000, attempts: 1 }]);
    const second = replica(send);
    await second.pass(119_999);
    await first.pass(119_999);
    expect(requests).toBe(1);
    await first.pass(1);
    expect(requests).toBe(2);
  });

  test('a refused event does not hold up the others, and is retried each hour', async () => {
    const ids = await events(150);
    const [bad] = ids;
    let refused = 0;
    const { logged, idle, pass } = replica(async (records) =>
      records.map(({ callId }) => {
        if (callId !== bad) return delivered;
        refused += 1;
        return { status: 'refused', reason: 'no such customer' };
      }),
    );
    await idle();
    expect(await waiting()).toEqual([{ callId: bad, inMs: hourMs, attempts: 1 }]);
    expect(logged).toEqual([
      [
        'error',
        { events: 1, attempts: 1, callId: bad, reason: 'no such customer' },
        'Usage events were refused; they are tried again each hour',
      ],
    ]);
    await database.db
      .updateTable('usage_outbox')
      .set({ due_at: new Date(start) })
      .execute();
    await pass(2_000);
    expect(refused).toBe(2);
  });

  test('if a batch was accepted in part, only the rest is sent again', async () => {
    const ids = await events(3);
    const sent: string[][] = [];
    const { pass } = replica(async (records) => {
      sent.push(idsOf(records));
      return sent.length === 1 ? [delivered] : records.map(() => delivered);
    });
    await pass(1_000);
    await pass(2_000);
    expect(sent[1]).toEqual(sent[0]?.slice(1));
    expect(sent.flat()).toHaveLength(ids.length + 2);
    expect(await waiting()).toEqual([]);
  });

  test('a request to a receiver that hangs is aborted after 30 seconds', async () => {
    const [callId] = await events(1);
    const signals: AbortSignal[] = [];
    const { clock, idle } = replica((_, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    await expect.poll(() => signals).toHaveLength(1);
    await clock.advance(29_999);
    expect(signals[0]?.aborted).toBe(false);
    await clock.advance(1);
    await idle();
    expect(signals[0]?.aborted).toBe(true);
    expect(await waiting()).toEqual([{ callId, inMs: 32_000, attempts: 1 }]);
  });

  test('drain aborts a running request at once, and leaves its events for the next start', async () => {
    const [callId] = await events(1);
    const signals: AbortSignal[] = [];
    const { outbox } = replica((_, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    await expect.poll(() => signals).toHaveLength(1);
    await outbox.drain();
    expect(signals[0]?.aborted).toBe(true);
    expect(await waiting()).toEqual([{ callId, inMs: 2_000, attempts: 1 }]);
  });

  test('events that a replica took and did not send are free again after a minute', async () => {
    await events(1);
    replica(() => new Promise(() => {}));
    await expect.poll(async () => (await waiting())[0]?.inMs).toBe(60_000);
  });

  test('events of calls that are too old for the receiver are given up, and named in the log', async () => {
    const [old] = await events(1, { started_at: new Date(start - 35 * 24 * hourMs - 1) });
    const [young] = await events(1, { started_at: new Date(start - 35 * 24 * hourMs) });
    const sent: string[] = [];
    const { logged, idle } = replica(
      async (records) => {
        sent.push(...idsOf(records));
        return records.map(() => delivered);
      },
      { maxAgeMs: 35 * 24 * hourMs },
    );
    await idle();
    expect(sent).toEqual([young]);
    expect(await waiting()).toEqual([]);
    expect(logged).toEqual([['error', { callIds: [old] }, 'Usage events were given up: the receiver does not take calls as old as these']]);
  });
});
