import type { Call, ErrorCode, Logger } from '@busbar/core';
import { manualClock } from '@busbar/core/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { deadLetterOf } from '../../src/dead-letters/dead-letter.ts';
import { createDeadLetters, openDatabase, postgresMetering, SealError, type Database, type PostgresMetering } from '../../src/index.ts';
import { writeDeadLetters } from '../../src/dead-letters/write.ts';
import { createSeal } from '../../src/seal.ts';
import { kinds, type Place } from '../support/databases.ts';
import { admitToRun, callOf, ending } from '../support/ledger.ts';

const secret = 'a secret of the tests, which is long enough';
const seal = createSeal(secret, 'dead-letters');
const start = manualClock().now();

/** The outcome of a call that failed without having written. */
const failing = (code: ErrorCode, over: Parameters<typeof ending>[2] = {}) =>
  ending('failed', 'no', { code, answer: { content: [{ type: 'text', text: `${code}: It failed.` }], isError: true }, ...over });
const principalOf = (tenant: string) => ({ tenant, id: 'key_1', roles: [] });

describe.each(kinds)('dead letters on $kind', ({ place }) => {
  let at: Place;
  let database: Database;
  let clock = manualClock();
  let metering: PostgresMetering;
  let warned: string[];

  beforeAll(async () => {
    at = await place();
    database = await openDatabase(at.options);
  });
  afterAll(async () => {
    await database.close();
    await at.remove();
  });
  beforeEach(async () => {
    for (const table of ['calls', 'claims', 'dead_letters'] as const) await database.db.deleteFrom(table).execute();
    clock = manualClock();
    warned = [];
    metering = meteringWith({});
    return () => metering.drain();
  });

  const log = { warn: (_: object, text: string) => warned.push(text) } as unknown as Logger;
  const meteringWith = (more: { maxPerTenant?: number }) => postgresMetering(database, { clock, log, deadLetters: { secret, ...more } });
  const deadLetters = (by = secret) => createDeadLetters(database, { secret: by, clock });

  /** Makes a call that fails, and returns the id of its dead letter. */
  async function fail(over: Partial<Call>, code: ErrorCode = 'RATE_LIMITED', endedAt = start): Promise<string> {
    const call = callOf(over);
    await metering.settle(await admitToRun(metering, call), failing(code, { endedAt }));
    const { deadLetters: all } = await deadLetters().list({});
    const made = all.find(({ callId }) => callId === call.callId);
    if (!made) throw new Error('left no dead letter');
    return made.id;
  }
  const idsOf = async (filter: Parameters<ReturnType<typeof deadLetters>['list']>[0] = {}) =>
    (await deadLetters().list(filter)).deadLetters.map(({ id }) => id);

  test('a settled failure is listed without its arguments, and shown with them', async () => {
    const call = callOf({ arguments: { subject: 'Hello' } });
    await metering.settle(await admitToRun(metering, call), failing('RATE_LIMITED'));
    const deadLetter = {
      id: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      callId: call.callId,
      tenant: 'acme',
      principal: 'key_1',
      connector: 'zendesk',
      connection: 'con_1',
      tool: 'zendesk_create_ticket',
      code: 'RATE_LIMITED',
      message: 'RATE_LIMITED: It failed.',
      failedAt: start + 1_234,
      attempts: 1,
      keyed: true,
    };
    const listed = await deadLetters().list({});
    expect(listed).toEqual({ deadLetters: [deadLetter] });
    expect(await deadLetters().get(listed.deadLetters[0]?.id ?? '')).toEqual({ ...deadLetter, arguments: { subject: 'Hello' } });
    expect(await deadLetters().get('no such')).toBeUndefined();
  });

  test('arguments, rights and key are sealed', async () => {
    const principal = { tenant: 'acme', id: 'key_1', roles: ['canary-role'] };
    await fail({ arguments: { password: 'canary-argument' }, key: 'canary-key', principal });
    const { rows } = await sql<{ row: string; sealed: Uint8Array }>`select dead_letters::text as row, sealed from dead_letters`.execute(
      database.db,
    );
    expect(rows).toHaveLength(1);
    for (const { row, sealed } of rows) {
      expect(row).toContain('zendesk_create_ticket');
      expect(row + Buffer.from(sealed).toString('latin1')).not.toContain('canary');
    }
  });

  test('with another secret, they are listed but not opened', async () => {
    const id = await fail({});
    const other = deadLetters('another secret, which is long enough as well');
    expect((await other.list({})).deadLetters).toHaveLength(1);
    await expect(other.get(id)).rejects.toThrow(SealError);
    const replayed = await other.replay({}, { call: async () => expect.unreachable(), signal: new AbortController().signal });
    expect(replayed.deadLetters).toEqual([{ id, outcome: 'unreadable', kept: true, message: expect.stringContaining('secret') as string }]);
    expect(await idsOf()).toEqual([id]);
  });

  test('the content of one dead letter does not open as the content of another', async () => {
    const id = await fail({ key: 'k1' });
    const other = await fail({ key: 'k2' });
    const { sealed } = await database.db.selectFrom('dead_letters').select('sealed').where('id', '=', id).executeTakeFirstOrThrow();
    await database.db.updateTable('dead_letters').set({ sealed }).where('id', '=', other).execute();
    await expect(deadLetters().get(other)).rejects.toThrow(SealError);
  });

  test('a write that fails again under its key keeps one dead letter, with the newest cause', async () => {
    const id = await fail({}, 'RATE_LIMITED');
    expect(await fail({}, 'CIRCUIT_OPEN', start + 5_000)).toBe(id);
    expect((await deadLetters().list({})).deadLetters).toMatchObject([{ id, code: 'CIRCUIT_OPEN', failedAt: start + 5_000, attempts: 2 }]);
  });

  test('a dead letter that is written again is not another attempt, and neither are two at once', async () => {
    const first = deadLetterOf(callOf(), failing('RATE_LIMITED'), seal);
    const second = deadLetterOf(callOf(), failing('CIRCUIT_OPEN'), seal);
    if (typeof first !== 'object' || typeof second !== 'object') throw new Error('left no dead letter');
    await writeDeadLetters(database.db, [first], 10);
    await writeDeadLetters(database.db, [first], 10);
    expect((await deadLetters().list({})).deadLetters).toMatchObject([{ code: 'RATE_LIMITED', attempts: 1 }]);
    await writeDeadLetters(database.db, [first, second], 10);
    expect((await deadLetters().list({})).deadLetters).toMatchObject([{ code: 'CIRCUIT_OPEN', attempts: 2 }]);
  });

  test('two writes without a key are two dead letters', async () => {
    await fail({ key: undefined });
    await fail({ key: undefined });
    expect((await deadLetters().list({})).deadLetters).toMatchObject([{ keyed: false }, { keyed: false }]);
  });

  test('a dead letter is removed when its write succeeds, or may have, under its key', async () => {
    for (const [status, wrote] of [
      ['executed', 'yes'],
      ['executed', 'no'],
      ['unknown', 'unknown'],
      ['failed', 'yes'],
    ] as const) {
      const key = `${status} ${wrote}`;
      const other = await fail({ key: `other ${key}` });
      const id = await fail({ key });
      await metering.settle(await admitToRun(metering, callOf({ key })), ending(status, wrote));
      expect(await idsOf({ ids: [id, other] })).toEqual([other]);
    }
  });

  test('a dead letter stays when a further attempt ends without having written', async () => {
    const id = await fail({});
    await metering.settle(await admitToRun(metering, callOf()), failing('CANCELLED'));
    await metering.settle(await admitToRun(metering, callOf()), failing('FORBIDDEN'));
    expect(await idsOf()).toEqual([id]);
  });

  test('a dead letter is removed when a sweep finds that a further attempt may have written', async () => {
    await fail({});
    await admitToRun(metering, callOf());
    await metering.drain();
    await clock.advance(60_000);
    metering = meteringWith({});
    expect(await metering.sweep()).toMatchObject({ unknown: 1 });
    expect(await idsOf()).toEqual([]);
  });

  test('a write that is too large for a dead letter is logged', async () => {
    const call = callOf({ arguments: 'x'.repeat(70_000) });
    await metering.settle(await admitToRun(metering, call), failing('RATE_LIMITED'));
    expect(await idsOf()).toEqual([]);
    expect(warned).toEqual([expect.stringContaining('dead-letter')]);
  });

  test('the oldest dead letters of a tenant make room, and no other tenant’s are dropped', async () => {
    await metering.drain();
    metering = meteringWith({ maxPerTenant: 2 });
    const theirs = await fail({ principal: principalOf('other') }, 'RATE_LIMITED', start - 1_000);
    await fail({ key: 'a' }, 'RATE_LIMITED', start + 1);
    const b = await fail({ key: 'b' }, 'RATE_LIMITED', start + 2);
    const c = await fail({ key: 'c' }, 'RATE_LIMITED', start + 3);
    expect(await idsOf()).toEqual([c, b, theirs]);
    const together = ['d', 'e', 'f', 'g'].map((key, index) =>
      metering.admit(callOf({ key }), new AbortController()).then((admitted) => {
        if (admitted.kind !== 'run') throw new Error('was replayed');
        return metering.settle(admitted.admission, failing('RATE_LIMITED', { endedAt: start + 10 + index }));
      }),
    );
    await Promise.all(together);
    expect((await deadLetters().list({ tenant: 'acme' })).deadLetters.map(({ failedAt }) => failedAt - start)).toEqual([13, 12]);
  });

  test('fifty dead letters at once always make room for themselves in a thousand', async () => {
    const rows = Array.from({ length: 1_100 }, (_, index) =>
      deadLetterOf(callOf({ key: `k${index}` }), failing('RATE_LIMITED', { endedAt: start + index }), seal),
    );
    const batch = (from: number, to: number) =>
      writeDeadLetters(
        database.db,
        rows.slice(from, to).flatMap((row) => (typeof row === 'object' ? row : [])),
        1_000,
      );
    await batch(0, 1_050);
    await batch(1_050, 1_100);
    const all = await database.db.selectFrom('dead_letters').select('failed_at').orderBy('failed_at').execute();
    expect(all).toHaveLength(1_000);
    expect(all[0]?.failed_at.getTime()).toBe(start + 100);
  });

  test('a list is paged, newest first, and one more failure moves a dead letter to the top', async () => {
    const ids: string[] = [];
    for (const key of ['a', 'b', 'c', 'd', 'e']) ids.unshift(await fail({ key }, 'RATE_LIMITED', start + (key < 'c' ? 1 : 2)));
    const newest = [...ids.slice(0, 3).sort().reverse(), ...ids.slice(3).sort().reverse()];
    const first = await deadLetters().list({ limit: 2 });
    const second = await deadLetters().list({ limit: 2, after: first.next ?? '' });
    const third = await deadLetters().list({ limit: 2, after: second.next ?? '' });
    expect([first, second, third].map((page) => page.deadLetters.map(({ id }) => id))).toEqual([
      newest.slice(0, 2),
      newest.slice(2, 4),
      newest.slice(4),
    ]);
    expect(third.next).toBeUndefined();
    const a = await fail({ key: 'a' }, 'RATE_LIMITED', start + 3);
    expect((await idsOf())[0]).toBe(a);
  });

  test('a page begins only after another page', async () => {
    for (const after of ['', 'x', `${start} x`, `99999999999999999 ${'a'.repeat(64)}`])
      await expect(deadLetters().list({ after })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('a list has the dead letters that match its whole filter', async () => {
    const one = await fail({ key: 'a', tool: 'zendesk_add_comment' }, 'CIRCUIT_OPEN', start);
    const two = await fail({ key: 'b', connector: 'sendgrid' }, 'RATE_LIMITED', start + 10);
    expect(await idsOf({ tool: 'zendesk_add_comment' })).toEqual([one]);
    expect(await idsOf({ connector: 'sendgrid' })).toEqual([two]);
    expect(await idsOf({ code: 'CIRCUIT_OPEN' })).toEqual([one]);
    expect(await idsOf({ failedFrom: start + 10 })).toEqual([two]);
    expect(await idsOf({ failedBefore: start + 10 })).toEqual([one]);
    expect(await idsOf({ ids: [one, two], code: 'RATE_LIMITED', connector: 'zendesk' })).toEqual([]);
  });

  test('a tenant reaches no dead letter of another', async () => {
    const mine = await fail({ principal: principalOf('mine') });
    const theirs = await fail({ principal: principalOf('theirs') });
    const tenant = 'mine';
    const ids = [mine, theirs];
    expect(await idsOf({ tenant })).toEqual([mine]);
    expect(await idsOf({ tenant, ids })).toEqual([mine]);
    expect(await deadLetters().get(theirs, { tenant })).toBeUndefined();
    expect(await deadLetters().get(mine, { tenant })).toMatchObject({ id: mine });
    expect(await deadLetters().discard({ tenant, ids })).toBe(1);
    const replayed = await deadLetters().replay(
      { tenant, ids },
      { call: async () => expect.unreachable(), signal: new AbortController().signal },
    );
    expect(replayed.deadLetters).toEqual([]);
    expect(await idsOf()).toEqual([theirs]);
  });

  test('an undefined tenant does not mean all tenants', async () => {
    const id = await fail({});
    const careless = { tenant: undefined } as unknown as { tenant: string };
    await expect(deadLetters().list(careless)).rejects.toThrow(TypeError);
    await expect(deadLetters().get(id, careless)).rejects.toThrow(TypeError);
    await expect(deadLetters().discard(careless)).rejects.toThrow(TypeError);
    await expect(
      deadLetters().replay(careless, { call: async () => expect.unreachable(), signal: new AbortController().signal }),
    ).rejects.toThrow(TypeError);
    expect(await idsOf()).toEqual([id]);
  });

  test('dead letters are discarded singly and in bulk', async () => {
    const [a, b, c] = [await fail({ key: 'a' }), await fail({ key: 'b' }, 'CIRCUIT_OPEN'), await fail({ key: 'c' }, 'CIRCUIT_OPEN')];
    expect(await deadLetters().discard({ ids: [] })).toBe(0);
    expect(await deadLetters().discard({ ids: [b] })).toBe(1);
    expect(await deadLetters().discard({ ids: [b] })).toBe(0);
    expect(await deadLetters().discard({ code: 'CIRCUIT_OPEN' })).toBe(1);
    expect(await idsOf({ ids: [a, b, c] })).toEqual([a]);
  });

  test('more than 1,000 dead letters cannot be named at once', async () => {
    const ids = Array.from({ length: 1_001 }, String);
    await expect(deadLetters().discard({ ids })).rejects.toThrow(RangeError);
    expect(await deadLetters().discard({ ids: ids.slice(1) })).toBe(0);
  });

  test('a prune drops dead letters whose last failure is more than seven days old', async () => {
    const day = 24 * 60 * 60_000;
    await fail({ key: 'a' }, 'RATE_LIMITED', start - 7 * day - 1);
    const b = await fail({ key: 'b' }, 'RATE_LIMITED', start - 7 * day);
    expect(await deadLetters().prune()).toBe(1);
    expect(await idsOf()).toEqual([b]);
  });
});
