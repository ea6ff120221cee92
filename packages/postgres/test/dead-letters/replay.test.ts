import type { Host, Principal } from '@busbar/core';
import { memoryConnections } from '@busbar/core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, useAcme, type Acme } from '../../../core/test/support/acme.ts';
import {
  createDeadLetters,
  openDatabase,
  postgresMetering,
  type Database,
  type DeadLetters,
  type PostgresMetering,
  type PostgresMeteringOptions,
} from '../../src/index.ts';
import { kinds, type Place } from '../support/databases.ts';
import { staying } from '../support/ledger.ts';

const secret = 'a secret of the tests, which is long enough';
const local: Principal = { tenant: 'local', id: 'local', roles: ['owner'] };
const create = 'acme_create_item';
const limited = { kind: 'status', status: 429 } as const;

describe.each(kinds)('a replay of dead letters on $kind', ({ kind, place }) => {
  let at: Place;
  let databases: Database[];
  let acme: Acme;
  let deadLetters: DeadLetters;

  beforeAll(async () => {
    at = await place();
    databases = [await openDatabase(at.options)];
    // On a server the other replica has its own connections.
    if (kind === 'postgresql') databases.push(await openDatabase(at.options));
  });
  afterAll(async () => {
    await Promise.all(databases.map((database) => database.close()));
    await at.remove();
  });
  const meterings: PostgresMetering[] = [];
  afterEach(async () => {
    await Promise.all(meterings.splice(0).map((metering) => metering.drain()));
    for (const table of ['calls', 'claims', 'dead_letters', 'quota_counters'] as const) await first().db.deleteFrom(table).execute();
  });
  const hostOf = useAcme((started) => {
    acme = started;
    deadLetters = createDeadLetters(first(), { secret });
  });

  function first(): Database {
    if (!databases[0]) throw new Error('not open');
    return databases[0];
  }

  type Options = Parameters<typeof hostOf>[0] & { readonly ledger?: PostgresMeteringOptions; readonly database?: Database | undefined };
  /** A replica: a host with its own ledger and without retries. */
  function replica({ ledger, database = first(), ...options }: Options = {}) {
    const metering = postgresMetering(database, { deadLetters: { secret }, ...ledger });
    meterings.push(metering);
    return hostOf({ metering, resilience: { retries: 0 }, ...options });
  }

  type Call = ReturnType<typeof hostOf>['call'];
  /** Makes a write that the vendor refuses for the moment. */
  async function fail(call: Call, name: string, idempotencyKey?: string, tool = create): Promise<void> {
    acme.misbehave(limited);
    const answer = await call(tool, { name }, idempotencyKey === undefined ? {} : { idempotencyKey });
    expect(codeOf(answer)).toBe('RATE_LIMITED');
  }
  const listed = async () => (await deadLetters.list({})).deadLetters;
  const replay = ({ call }: Pick<Host, 'call'>, more: Partial<Parameters<DeadLetters['replay']>[1]> = {}) =>
    deadLetters.replay({}, { call, signal: staying.signal, ...more });
  const names = () => acme.requests.map(({ body }) => (body as { name?: string }).name);

  test('writes once, and removes the dead letter', async () => {
    const { host, call } = replica();
    await fail(call, 'lamp', 'k1');
    const [deadLetter] = await listed();
    expect(await replay(host)).toEqual({
      deadLetters: [{ id: deadLetter?.id, outcome: 'done', kept: false }],
      counts: { done: 1, unknown: 0, failed: 0, refused: 0, unreadable: 0, gone: 0 },
      more: false,
    });
    expect(names()).toEqual(['lamp', 'lamp']);
    expect(acme.created).toHaveLength(1);
    expect(await listed()).toEqual([]);
    expect((await replay(host)).deadLetters).toEqual([]);
    // The caller repeats it.
    expect(await call(create, { name: 'lamp' }, { idempotencyKey: 'k1' })).toMatchObject({ structuredContent: { id: 'item-1' } });
    expect(acme.created).toHaveLength(1);
  });

  test('replays the oldest up to its limit, five at a time', async () => {
    const { host, call } = replica();
    const all = Array.from({ length: 8 }, (_, index) => `item ${index}`);
    for (const name of all) await fail(call, name);
    acme.misbehave({ kind: 'hang', times: 7 });
    const replaying = replay(host, { limit: 7 });
    await acme.received(undefined, 8 + 5);
    await expect.poll(() => first().db.selectFrom('calls').select('call_id').where('status', '=', 'running').execute()).toHaveLength(5);
    expect(acme.requests).toHaveLength(8 + 5);
    acme.recover();
    expect(await replaying).toMatchObject({ counts: { done: 7 }, more: true });
    expect(new Set(names().slice(8))).toEqual(new Set(all.slice(0, 7)));
    expect(await listed()).toHaveLength(1);
  });

  test('writes nothing if the caller has repeated the call under its key', async () => {
    const { host, call } = replica();
    await fail(call, 'lamp', 'k1');
    const deadLetter = await first().db.selectFrom('dead_letters').selectAll().executeTakeFirstOrThrow();
    await call(create, { name: 'lamp' }, { idempotencyKey: 'k1' });
    expect(await listed()).toEqual([]);
    // As if an operator had read it before the call was repeated.
    await first().db.insertInto('dead_letters').values(deadLetter).execute();
    expect((await replay(host)).deadLetters).toEqual([{ id: deadLetter.id, outcome: 'done', kept: false }]);
    expect(acme.created).toHaveLength(1);
    expect(await listed()).toEqual([]);
  });

  test.each([
    ['a key of its own', { idempotencyKey: 'k1' }, {}],
    ['no key, and the host recognizes equal writes', {}, { repeatWindowMs: 60_000 }],
  ])('writes once if the caller repeats the call at the same time, with %s', async (_, extra, options) => {
    const { host, call } = replica(options);
    await fail(call, 'lamp', 'idempotencyKey' in extra ? extra.idempotencyKey : undefined);
    expect(await listed()).toMatchObject([{ keyed: true }]);
    acme.misbehave({ kind: 'hang' });
    const repeated = call(create, { name: 'lamp' }, extra);
    await acme.received(undefined, 2);
    const replaying = replay(host);
    acme.recover();
    expect(codeOf(await repeated)).toBeUndefined();
    // If the call ended before the replay read the list, there is no dead letter left.
    expect(['done', 'gone', undefined]).toContain((await replaying).deadLetters[0]?.outcome);
    expect(acme.created).toHaveLength(1);
    expect(await listed()).toEqual([]);
  });

  test('says whether a repetition by the caller is recognized', async () => {
    const { host, call } = replica();
    await fail(call, 'lamp');
    expect(await listed()).toMatchObject([{ keyed: false }]);
    await fail(call, 'lamp', 'k1');
    expect(await listed()).toMatchObject([{ keyed: true }, { keyed: false }]);
    // A failed replay does not make the first call keyed.
    acme.misbehave({ ...limited, times: 2 });
    expect(await replay(host)).toMatchObject({ counts: { failed: 2 } });
    expect(new Set((await listed()).map(({ keyed }) => keyed))).toEqual(new Set([false, true]));
  });

  test.each([
    ['a key of its caller', 'k1'],
    ['no key of its caller', undefined],
  ])('writes once if two operators replay a dead letter with %s at once, on two replicas', async (_, key) => {
    const one = replica();
    const two = replica({ database: databases.at(-1) });
    await fail(one.call, 'lamp', key);
    acme.misbehave({ kind: 'hang' });
    const both = [replay(one.host), replay(two.host)];
    await acme.received(undefined, 2);
    acme.recover();
    const outcomes = (await Promise.all(both)).flatMap((done) => done.deadLetters.map(({ outcome }) => outcome));
    expect(outcomes).toContain('done');
    expect(outcomes.filter((outcome) => outcome !== 'done' && outcome !== 'gone')).toEqual([]);
    expect(acme.created).toHaveLength(1);
    expect(await listed()).toEqual([]);
  });

  test('keeps one dead letter, with the new cause, if the call fails again', async () => {
    const { host, call } = replica();
    await fail(call, 'lamp');
    const [before] = await listed();
    acme.misbehave({ kind: 'reset' });
    acme.misbehave(limited);
    // The call is refused before admission: the key may no longer use this tool.
    const narrowed = await replay(host, { authorize: async (principal) => ({ ...principal, toolsets: ['other'] }) });
    expect(narrowed.deadLetters).toMatchObject([{ outcome: 'failed', kept: true, code: 'TOOL_NOT_FOUND' }]);
    expect(await listed()).toMatchObject([{ id: before?.id, code: 'TOOL_NOT_FOUND', attempts: 2 }]);
    acme.recover();
    acme.misbehave(limited);
    expect((await replay(host)).deadLetters).toMatchObject([{ outcome: 'failed', kept: true, code: 'RATE_LIMITED' }]);
    const after = await listed();
    expect(after).toMatchObject([{ id: before?.id, code: 'RATE_LIMITED', attempts: 3 }]);
    expect(after[0]?.callId).not.toBe(before?.callId);
    expect(await replay(host)).toMatchObject({ counts: { done: 1 } });
    expect(acme.created).toHaveLength(1);
  });

  test('keeps the dead letter if the tenant’s quota is used up', async () => {
    const { host, call } = replica({ ledger: { quotas: [{ of: 'calls', limit: 1, per: 'day', each: 'tenant' }] } });
    await fail(call, 'lamp', 'k1');
    await call(create, { name: 'other' });
    expect((await replay(host)).deadLetters).toMatchObject([{ outcome: 'failed', kept: true, code: 'QUOTA_EXCEEDED' }]);
    expect(await listed()).toMatchObject([{ code: 'QUOTA_EXCEEDED', attempts: 2 }]);
  });

  test('never repeats a call that may have written, and says so', async () => {
    const { host, call } = replica();
    await fail(call, 'lamp', 'k1');
    acme.misbehave({ kind: 'lose' });
    expect(await replay(host)).toMatchObject({
      deadLetters: [
        { outcome: 'unknown', kept: false, code: 'OUTCOME_UNKNOWN', message: expect.stringContaining('may or may not') as string },
      ],
      counts: { unknown: 1 },
    });
    expect(await listed()).toEqual([]);
    expect(codeOf(await call(create, { name: 'lamp' }, { idempotencyKey: 'k1' }))).toBe('OUTCOME_UNKNOWN');
    expect(acme.created).toHaveLength(1);
  });

  test('never repeats a call that wrote in part, and says so', async () => {
    const { host, call } = replica();
    await fail(call, 'lamp', 'k1', 'acme_copy_item');
    acme.misbehave({ ...limited, match: 'PUT /items/{id}' });
    expect((await replay(host)).deadLetters).toMatchObject([
      { outcome: 'unknown', kept: false, code: 'RATE_LIMITED', message: expect.stringContaining('was made before it failed') as string },
    ]);
    expect(await listed()).toEqual([]);
  });

  test('drops the dead letter of a call that can never succeed', async () => {
    const { host, call } = replica();
    await fail(call, 'forbidden');
    expect((await replay(host)).deadLetters).toMatchObject([{ outcome: 'failed', kept: false, code: 'UPSTREAM_REJECTED' }]);
    expect(await listed()).toEqual([]);
  });

  test('does nothing for a caller who may no longer act, and never acts as someone else', async () => {
    const { host, call } = replica();
    await fail(call, 'lamp', 'k1');
    const lookedUp: Principal[] = [];
    const others = [undefined, { ...local, id: 'other' }, { ...local, tenant: 'other' }];
    for (const today of others) {
      const authorize = async (principal: Principal) => {
        lookedUp.push(principal);
        return today;
      };
      expect((await replay(host, { authorize })).deadLetters).toMatchObject([{ outcome: 'refused', kept: true }]);
    }
    expect(lookedUp).toEqual([local, local, local]);
    expect(acme.requests).toHaveLength(1);
    expect(await listed()).toMatchObject([{ code: 'RATE_LIMITED', attempts: 1 }]);
  });

  test('uses the original connection, even if another is the default now', async () => {
    const { call } = replica();
    await fail(call, 'lamp', 'k1');
    const records = [
      { connector: 'acme', name: 'one', config: {} },
      { connector: 'acme', name: 'two', isDefault: true, config: { token: 'canary-second' } },
    ];
    const { host } = replica({ connections: memoryConnections(records) });
    expect(await replay(host)).toMatchObject({ counts: { done: 1 } });
    expect(acme.requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer canary-token', 'Bearer canary-token']);
    await fail(call, 'chair', 'k2');
    const { host: without } = replica({ connections: memoryConnections(records.slice(1)) });
    expect((await replay(without)).deadLetters).toMatchObject([{ outcome: 'failed', kept: true, code: 'CONNECTION_NOT_FOUND' }]);
    expect(acme.created).toHaveLength(1);
  });

  test('ends with its signal: running calls are cancelled, and the rest are not replayed', async () => {
    const { host, call } = replica();
    for (let index = 0; index < 7; index += 1) await fail(call, `item ${index}`);
    const before = await listed();
    const stopped = new AbortController();
    const turned = await replay(host, {
      signal: stopped.signal,
      authorize: async (principal) => {
        stopped.abort();
        return principal;
      },
    });
    expect(turned.more).toBe(true);
    expect(turned.deadLetters.length).toBeLessThanOrEqual(5);
    for (const deadLetter of turned.deadLetters) expect(deadLetter).toMatchObject({ outcome: 'failed', kept: true, code: 'CANCELLED' });
    expect(await listed()).toEqual(before);
    expect(acme.requests).toHaveLength(7);
  });

  test('stops if a lookup fails, and the dead letters stay', async () => {
    const { host, call } = replica();
    for (let index = 0; index < 7; index += 1) await fail(call, `item ${index}`);
    let lookups = 0;
    const authorize = async () => {
      lookups += 1;
      throw new Error('no keys');
    };
    await expect(replay(host, { authorize })).rejects.toThrow('no keys');
    expect(lookups).toBeLessThanOrEqual(5);
    expect(await listed()).toHaveLength(7);
  });
});
