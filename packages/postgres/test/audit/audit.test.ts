import type { AuditEvent } from '@busbar/core';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { entriesOf, type AuditEntry } from '../../src/audit/lines.ts';
import { dropOldLinks } from '../../src/audit/retention.ts';
import {
  exportAudit,
  openDatabase,
  postgresAudit,
  postgresMetering,
  verifyAudit,
  type Database,
  type PostgresAuditOptions,
} from '../../src/index.ts';
import { emptied, linesOf, newClock, verdictOf, writerOn } from '../support/audits.ts';
import { kinds, pglite } from '../support/databases.ts';
import { admitToRun, callOf, ending } from '../support/ledger.ts';

/** A handle on the same database that reports each statement. */
const counted = ({ reports }: Database, sent: () => void): Pick<Database, 'reports'> => ({
  reports: reports.withPlugin({
    transformQuery: ({ node }) => {
      sent();
      return node;
    },
    transformResult: async ({ result }) => result,
  }),
});

const leaseMs = 5 * 60_000;
const dayMs = 24 * 60 * 60_000;
const refused: AuditEvent = {
  event: 'call.refused',
  tenant: 'acme',
  principal: 'key_1',
  address: '10.0.0.1',
  subject: 'zendesk_create_ticket',
  detail: 'TOOL_NOT_FOUND',
};

test('if the database is unreachable, an event is not recorded and record rejects', async () => {
  const at = await pglite.place();
  const database = await openDatabase(at.options);
  const audit = postgresAudit(database);
  await database.close();
  await expect(audit.record(refused)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await at.remove();
});

describe.each(kinds)('the audit on $kind', (kind) => {
  const opened = emptied(kind);
  let database: Database;
  let clock = newClock();
  beforeEach(() => {
    database = opened();
    clock = newClock();
  });

  const auditOf = (replica: string, over: PostgresAuditOptions = {}) => postgresAudit(database, { clock, replica, ...over });
  const chains = () => database.db.selectFrom('audit_chains').selectAll().orderBy('opened_at').orderBy('id').execute();
  const problems = async () => (await verdictOf(database, clock)).problems;
  /** Returns all entries, without their times. */
  async function entries(): Promise<AuditEntry[]> {
    const rows = await database.db.selectFrom('audit_links').select('entries').orderBy('at').orderBy('chain').orderBy('link').execute();
    return rows.flatMap((row) => entriesOf(row.entries)).map(({ at: _at, ...entry }) => entry);
  }

  test('an event is kept with the time, and characters that the database cannot store are replaced', async () => {
    await auditOf('r1').record({ ...refused, subject: 'a\u0000b\ud800\nc' });
    const [row] = await database.db.selectFrom('audit_links').selectAll().where('link', '=', 2).execute();
    expect(JSON.parse(row?.entries ?? '')).toEqual({ ...refused, at: '2026-01-01T00:00:00.000Z', subject: 'a\ufffdb\ufffd\nc' });
    expect(await problems()).toEqual([]);
  });

  test('a field is cut at 255 characters, a detail at 4,000, and an absent one is left out', async () => {
    await auditOf('r1').record({ event: 'operator.acted', subject: 'x'.repeat(300), detail: 'x'.repeat(5_000) });
    expect((await entries())[1]).toEqual({ event: 'operator.acted', subject: 'x'.repeat(255), detail: 'x'.repeat(4_000) });
  });

  test('a field is cut between two characters, not within one', async () => {
    await auditOf('r1').record({ event: 'operator.acted', subject: `${'x'.repeat(254)}😀` });
    expect((await entries())[1]).toEqual({ event: 'operator.acted', subject: 'x'.repeat(254) });
  });

  test('events that arrive together share a link', async () => {
    const audit = auditOf('r1');
    await Promise.all(Array.from({ length: 200 }, () => audit.record(refused)));
    expect(await verdictOf(database, clock)).toMatchObject({ links: 2, entries: 201, problems: [] });
  });

  test('each call of a batch has its own arguments, with any characters in the others', async () => {
    const metering = postgresMetering(database, { clock, replica: 'replica-1' });
    const inputs = ['{"n":0}', '{\n"n":\n1}', JSON.stringify({ n: 2, text: 'a\n\u0000\ud800"\\' }), '{"n":3}'];
    const calls = inputs.map((input, n) => callOf({ callId: `call-${n}`, key: undefined, auditInput: () => input }));
    // The first call's id was used before, so that call has no entry. The calls after it have their own entries.
    await admitToRun(metering, callOf({ callId: 'call-0', key: undefined }));
    await Promise.allSettled(calls.map((call) => metering.admit(call, new AbortController())));
    await metering.drain();
    const links = await database.db.selectFrom('audit_links').select('entries').execute();
    const callEntries = links.flatMap(({ entries }) => entriesOf(entries)).filter(({ event }) => event === 'call.admitted');
    expect(callEntries.map(({ callId, input }) => [callId, (input as { n?: number }).n])).toEqual([
      ['call-0', undefined],
      ['call-1', 1],
      ['call-2', 2],
      ['call-3', 3],
    ]);
  });

  test('an entry of a call says who made it, from where, with which arguments and how it ended; a replay has an entry too', async () => {
    const metering = postgresMetering(database, { clock, replica: 'replica-1', prices: [{ perCall: 7 }] });
    const principal = { tenant: 'a"c\\me\n', id: 'key_1', roles: [] };
    const read = callOf({ callId: '1', principal, key: undefined, effect: 'read', address: '192.0.2.7', auditInput: () => '{"n":1}' });
    await metering.settle(await admitToRun(metering, read), ending('failed', 'no', { code: 'UPSTREAM_UNAVAILABLE' }));
    await metering.settle(await admitToRun(metering, callOf({ callId: '2', principal })), ending('executed', 'yes'));
    await metering.admit(callOf({ callId: '3', principal, startedAt: clock.now() - 5 }), new AbortController());
    await metering.drain();
    const links = await database.db.selectFrom('audit_links').select('entries').execute();
    const callEntries = links.flatMap(({ entries }) => entriesOf(entries)).filter(({ event }) => String(event).startsWith('call.'));
    const at = '2026-01-01T00:00:00.000Z';
    const endedAt = '2026-01-01T00:00:01.234Z';
    const { tenant } = principal;
    const what = { principal: 'key_1', connector: 'zendesk', connection: 'con_1', tool: 'zendesk_create_ticket' };
    const write = { tenant, ...what, effect: 'write' };
    const failed = { status: 'failed', wrote: 'no', code: 'UPSTREAM_UNAVAILABLE' };
    expect(callEntries.toSorted((a, b) => String(a['callId']).localeCompare(String(b['callId'])))).toEqual([
      { event: 'call.admitted', at, callId: '1', tenant, address: '192.0.2.7', ...what, effect: 'read', input: { n: 1 } },
      { event: 'call.ended', at: endedAt, callId: '1', tenant, ...failed, charged: false, price: 0 },
      { event: 'call.admitted', at, callId: '2', ...write, input: {} },
      { event: 'call.ended', at: endedAt, callId: '2', tenant, status: 'executed', wrote: 'yes', charged: true, price: 7 },
      { event: 'call.replayed', at, callId: '3', ...write, of: '2', input: {} },
    ]);
  });

  test('concurrent first writes open one chain', async () => {
    const writer = writerOn(database, clock);
    await Promise.all(Array.from({ length: 5 }, (_, index) => writer.write({ event: 'test', index })));
    expect(await chains()).toMatchObject([{ links: 6 }]);
    expect(await problems()).toEqual([]);
  });

  test('a writer whose chain was closed continues in a new chain and loses nothing', async () => {
    const writer = writerOn(database, clock);
    await writer.write({ event: 'test', index: 1 });
    await clock.advance(leaseMs + 1);
    expect(await auditOf('r2').closeLapsed()).toBe(1);
    await Promise.all([2, 3, 4].map((index) => writer.write({ event: 'test', index })));
    const [first, ...others] = await chains();
    expect(first).toMatchObject({ replica: 'r1', links: 2, closed_at: new Date(clock.now()) });
    expect(others.map(({ replica, closed_at }) => [replica, closed_at])).toEqual(
      expect.arrayContaining([
        ['r1', null],
        ['r2', null],
      ]),
    );
    expect(new Set((await entries()).flatMap(({ index }) => index ?? []))).toEqual(new Set([1, 2, 3, 4]));
    expect(await entries()).toContainEqual({ event: 'chain.closed', chain: first?.id, links: 2, head: first?.head });
    expect(await problems()).toEqual([]);
  });

  test('two replicas that close the same chains close each once', async () => {
    const writers = Array.from({ length: 150 }, () => writerOn(database, clock, 'gone'));
    for (const writer of writers) await writer.write({ event: 'test' });
    await clock.advance(leaseMs + 1);
    const closed = await Promise.all([auditOf('r2').closeLapsed(), auditOf('r3').closeLapsed()]);
    expect(closed[0] + closed[1]).toBe(150);
    expect((await entries()).filter(({ event }) => event === 'chain.closed')).toHaveLength(150);
    expect(await problems()).toEqual([]);
  });

  test('two replicas close each other’s chains at once without waiting for one another', async () => {
    const audits = [auditOf('r1'), auditOf('r2')] as const;
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(audits.map((audit) => audit.record(refused)));
      await clock.advance(leaseMs + 1);
      await Promise.all(audits.map((audit) => audit.closeLapsed()));
      expect(await problems()).toEqual([]);
    }
    expect((await entries()).filter(({ event }) => event === 'call.refused')).toHaveLength(10);
  });

  test('a chain is closed only after its lease, and nothing is written if there is none to close', async () => {
    await writerOn(database, clock).write({ event: 'test' });
    await clock.advance(leaseMs);
    expect(await auditOf('r2').closeLapsed()).toBe(0);
    expect(await chains()).toHaveLength(1);
  });

  test('each link renews the lease, and a running process renews its idle chain', async () => {
    const audit = auditOf('r1');
    const [busy, idle, gone] = [writerOn(database, clock), writerOn(database, clock), writerOn(database, clock, 'r2')];
    for (const writer of [busy, idle, gone]) await writer.write({ event: 'test' });
    audit.start();
    await expect.poll(() => clock.sleeping).toBe(1);
    for (let times = 0; times < 4; times += 1) {
      await clock.advance(leaseMs / 3);
      await expect.poll(() => clock.sleeping).toBe(1);
    }
    await audit.drain();
    expect((await chains()).map(({ replica, closed_at }) => `${replica} ${closed_at === null ? 'open' : 'closed'}`).toSorted()).toEqual([
      'r1 closed',
      'r1 open',
      'r1 open',
      'r2 closed',
    ]);
    expect(await problems()).toEqual([]);
  });

  test('a process does not renew the chains of an earlier process with the same name', async () => {
    await writerOn(database, clock, 'r1').write({ event: 'test' });
    await clock.advance(leaseMs + 1);
    const audit = auditOf('r1');
    audit.start();
    await expect.poll(async () => (await chains())[0]?.closed_at).toEqual(new Date(clock.now()));
    await audit.drain();
  });

  test('a checkpoint records a head once, until it changes', async () => {
    const audit = auditOf('r1');
    const writer = writerOn(database, clock);
    expect(await audit.checkpoint()).toBe(0);
    await writer.write({ event: 'test' });
    expect(await audit.checkpoint()).toBe(1);
    await audit.checkpoint();
    const seen = async () => (await entries()).filter(({ event, links }) => event === 'chain.witnessed' && links !== undefined);
    const [{ id, head } = { id: '', head: '' }] = await database.db.selectFrom('audit_chains').selectAll().where('links', '=', 2).execute();
    expect(await seen()).toContainEqual({ event: 'chain.witnessed', chain: id, links: 2, head });
    expect((await seen()).filter(({ chain }) => chain === id)).toHaveLength(1);
    await writer.close();
    await audit.checkpoint();
    expect((await seen()).filter(({ chain }) => chain === id)).toMatchObject([{ links: 2 }, { links: 3 }]);
    expect(await problems()).toEqual([]);
  });

  test('a drain closes its chain, with a last checkpoint of the chains that the metering has closed', async () => {
    const audit = auditOf('r1');
    const metering = postgresMetering(database, { clock, replica: 'r1' });
    await metering.settle(await admitToRun(metering, callOf()), ending('executed', 'yes'));
    await audit.record(refused);
    await metering.drain();
    await audit.drain();
    const all = await chains();
    expect(all.map(({ closed_at }) => closed_at)).toEqual([new Date(clock.now()), new Date(clock.now()), new Date(clock.now())]);
    const last = all.find(({ links }) => links === 4);
    const others = all.filter((each) => each !== last);
    const witnessed = (await entries()).filter(({ event }) => event === 'chain.witnessed');
    for (const { id, links, head } of others) expect(witnessed).toContainEqual({ event: 'chain.witnessed', chain: id, links, head });
    expect(await problems()).toEqual([]);
  });

  test('retention drops the oldest links with a record of it, and closed chains without a link left', async () => {
    const [gone, stays] = [writerOn(database, clock, 'gone'), writerOn(database, clock, 'stays')];
    await gone.write({ event: 'test' });
    await stays.write({ event: 'test' });
    await auditOf('r0').checkpoint();
    await gone.close();
    await clock.advance(dayMs);
    await stays.write({ event: 'test' });
    await clock.advance(1);
    const heads = (await verdictOf(database, clock)).heads;
    const audit = auditOf('r1', { retentionMs: dayMs });
    await audit.closeLapsed();
    expect(await audit.prune()).toEqual({ links: 7, chains: 2 });
    expect(await audit.prune()).toEqual({ links: 0, chains: 0 });
    const left = await chains();
    expect(left.map(({ replica, links, dropped_links }) => `${replica} ${links} ${dropped_links}`).toSorted()).toEqual([
      'r1 3 0',
      'stays 3 2',
    ]);
    expect(await problems()).toEqual([]);
    expect((await verdictOf(database, clock, heads)).problems).toEqual([]);
    await sql`update audit_chains set dropped_head = reverse(dropped_head) where dropped_links > 0`.execute(database.db);
    expect((await problems()).join()).toMatch('were dropped, and no retention record says so');
  });

  test('repeated pruning leaves no problems, and neither do known heads that are older than the links', async () => {
    const audit = auditOf('r1', { retentionMs: dayMs });
    const writer = writerOn(database, clock);
    await writer.write({ event: 'test' });
    const { heads } = await verdictOf(database, clock);
    await writer.close();
    for (let days = 0; days < 5; days += 1) {
      await clock.advance(dayMs - 1_000);
      await audit.record(refused);
      await audit.closeLapsed();
      await audit.checkpoint();
      await audit.prune();
      expect(await problems()).toEqual([]);
    }
    expect(await chains()).toMatchObject([{ replica: 'r1' }]);
    expect((await verdictOf(database, clock, heads)).problems).toEqual([]);
  });

  test('replicas that prune at once drop each link once', async () => {
    const writer = writerOn(database, clock);
    for (let index = 0; index < 20; index += 1) await writer.write({ event: 'test', index });
    await writer.close();
    await clock.advance(dayMs + 1);
    const dropped = await Promise.all(['r1', 'r2', 'r3'].map((replica) => auditOf(replica, { retentionMs: dayMs }).prune()));
    expect(dropped.reduce((sum, { links }) => sum + links, 0)).toBe(22);
    expect(await problems()).toEqual([]);
  });

  test('a replica that lags behind the retention of another replica restores no chain', async () => {
    const writer = writerOn(database, clock);
    for (let index = 0; index < 5; index += 1) {
      await clock.advance(1_000);
      await writer.write({ event: 'test', index });
    }
    const drop = (before: number, then: () => Promise<unknown>) =>
      dropOldLinks(database.db, { before, now: () => clock.now(), record: async () => await then() });
    const early = clock.now() - 2_000;
    const late = clock.now() - 500;
    await drop(early, async () => await drop(late, async () => {}));
    expect(await chains()).toMatchObject([{ links: 6, dropped_links: 5 }]);
  });

  test('without a retention period, nothing is dropped', async () => {
    await writerOn(database, clock).write({ event: 'test' });
    await clock.advance(10_000 * dayMs);
    expect(await auditOf('r1').prune()).toEqual({ links: 0, chains: 0 });
  });

  test('an export reads 100 links at a time, and returns all', async () => {
    const writer = writerOn(database, clock);
    for (let index = 0; index < 250; index += 1) await writer.write({ event: 'test', index });
    let statements = 0;
    const lines: string[] = [];
    for await (const line of exportAudit(
      counted(database, () => (statements += 1)),
      { clock },
    ))
      lines.push(line);
    // The chains, three pages of links, and the stray links.
    expect(statements).toBe(5);
    expect(await verifyAudit(() => lines)).toMatchObject({ links: 251, entries: 251, problems: [] });
  });

  test('an export leaves the process time for other work while its reader reads large links', async () => {
    const writer = writerOn(database, clock);
    for (let index = 0; index < 50; index += 1) await writer.write({ event: 'test', text: 'x'.repeat(100_000) });
    let turns = 0;
    let next = setImmediate(function count() {
      turns += 1;
      next = setImmediate(count);
    });
    const seen: number[] = [];
    for await (const line of exportAudit(database, { clock })) if (line.length > 100_000) seen.push(turns);
    clearImmediate(next);
    // At least one turn between any two of them.
    expect(new Set(seen).size).toBe(50);
  });

  test('links that are written during an export are left out, and the export is complete', async () => {
    const writer = writerOn(database, clock);
    for (let index = 0; index < 150; index += 1) await writer.write({ event: 'test', index });
    const lines: string[] = [];
    for await (const line of exportAudit(database, { clock })) {
      lines.push(line);
      if (lines.length % 50 === 0) await writer.write({ event: 'late' });
    }
    expect(await verifyAudit(() => lines)).toMatchObject({ links: 151, problems: [] });
  });

  test('a verification of a database in use finds no problem while chains close, open and are dropped between its two passes', async () => {
    const [old, young] = [writerOn(database, clock, 'old'), writerOn(database, clock, 'young')];
    await old.write({ event: 'test' });
    await auditOf('r1').checkpoint();
    await clock.advance(dayMs + 1);
    await young.write({ event: 'test' });
    await old.close();
    let readings = 0;
    const verdict = await verifyAudit(async function* () {
      readings += 1;
      if (readings === 2) {
        await young.close();
        await auditOf('r2', { retentionMs: dayMs }).prune();
        await auditOf('r2').closeLapsed();
        await auditOf('r3').checkpoint();
      }
      yield* exportAudit(database, { clock });
    });
    expect(verdict.problems).toEqual([]);
  });

  test('an export whose links retention drops before they are read ends with an error', async () => {
    const writer = writerOn(database, clock);
    for (let index = 0; index < 150; index += 1) await writer.write({ event: 'test', index });
    await clock.advance(dayMs + 1);
    const reading = (async () => {
      let read = 0;
      for await (const _line of exportAudit(database, { clock })) {
        read += 1;
        if (read === 50) await auditOf('r1', { retentionMs: dayMs }).prune();
      }
    })();
    await expect(reading).rejects.toThrow('Export again');
    expect(await linesOf(database, clock)).not.toHaveLength(0);
  });
});
