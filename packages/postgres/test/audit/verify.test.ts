import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { linkHash } from '../../src/audit/link.ts';
import { postgresAudit, verifyAudit, type Database } from '../../src/index.ts';
import { emptied, linesOf, newClock, verdictOf, writerOn } from '../support/audits.ts';
import { kinds } from '../support/databases.ts';

describe.each(kinds)('the audit on $kind', (kind) => {
  const opened = emptied(kind);
  let database: Database;
  let clock = newClock();
  let chain: string;

  /** A chain of five links: the opening link, and four with two entries each. */
  beforeEach(async () => {
    database = opened();
    clock = newClock();
    const writer = writerOn(database, clock);
    for (let index = 2; index <= 5; index += 1) {
      await clock.advance(1_000);
      chain = await writer.write({ event: 'test', index, text: 'a "quoted" ü \u2028 \u{1F600}' }, { event: 'test', index });
    }
  });

  const change = (statement: ReturnType<typeof sql>) => statement.execute(database.db);
  const problems = async () => (await verdictOf(database, clock)).problems;
  const linkAt = (link: number) =>
    database.db.selectFrom('audit_links').selectAll().where('chain', '=', chain).where('link', '=', link).executeTakeFirstOrThrow();

  /** Removes the newest links and adjusts the chain's row, as an attacker who knows the tables would. */
  async function rewindTo(links: number): Promise<void> {
    const { hash } = await linkAt(links);
    await change(sql`delete from audit_links where chain = ${chain} and link > ${links}`);
    await change(sql`update audit_chains set links = ${links}, head = ${hash} where id = ${chain}`);
  }

  /** Rewrites a link and all links after it, with their hashes and the chain's row. */
  async function rewriteFrom(first: number, entries: string): Promise<void> {
    let { hash } = await linkAt(first - 1);
    for (let link = first; link <= 5; link += 1) {
      const row = await linkAt(link);
      const text = link === first ? entries : row.entries;
      hash = linkHash(hash, { chain, link, at: row.at.toISOString(), entries: text });
      await change(sql`update audit_links set entries = ${text}, hash = ${hash} where chain = ${chain} and link = ${link}`);
    }
    await change(sql`update audit_chains set head = ${hash} where id = ${chain}`);
  }

  test('is intact as it was written: the database and the verification compute the same hashes', async () => {
    expect(await verdictOf(database, clock)).toMatchObject({ links: 5, entries: 9, chains: 1, problems: [] });
  });

  test('an altered entry is found', async () => {
    await change(sql`update audit_links set entries = replace(entries, '"index":3', '"index":4') where chain = ${chain} and link = 3`);
    expect(await problems()).toEqual([`Chain ${chain}, link 3: its entries or its time were altered.`]);
  });

  test('an altered time is found', async () => {
    await change(sql`update audit_links set at = at + interval '1 second' where chain = ${chain} and link = 5`);
    expect(await problems()).toEqual([`Chain ${chain}, link 5: its entries or its time were altered.`]);
  });

  test.each([3, 5])('an altered hash is found: link %i', async (link) => {
    await change(sql`update audit_links set hash = reverse(hash) where chain = ${chain} and link = ${link}`);
    expect((await problems())[0]).toBe(`Chain ${chain}, link ${link}: its hash was altered.`);
  });

  test('an entry that was altered together with its hash is found', async () => {
    const [{ hash }, row] = [await linkAt(2), await linkAt(3)];
    const forged = linkHash(hash, { chain, link: 3, at: row.at.toISOString(), entries: '{}' });
    await change(sql`update audit_links set entries = '{}', hash = ${forged} where chain = ${chain} and link = 3`);
    expect(await problems()).toEqual([`Chain ${chain}, link 4: its entries or its time were altered.`]);
  });

  test.each([
    ['the first', 1],
    ['one in the middle', 3],
    ['the newest', 5],
  ])('a link that is missing is found: %s', async (_which, link) => {
    await change(sql`delete from audit_links where chain = ${chain} and link = ${link}`);
    expect(await problems()).toEqual([`Chain ${chain}, link ${link}: it is missing.`]);
  });

  test('links that are missing in a row are one problem', async () => {
    await change(sql`delete from audit_links where chain = ${chain} and link in (4, 5)`);
    expect(await problems()).toEqual([`Chain ${chain}, links 4 to 5: they are missing.`]);
  });

  test('a link that was inserted is found', async () => {
    await change(sql`insert into audit_links select chain, 6, at, entries, hash from audit_links where link = 5`);
    await change(sql`insert into audit_links select chain, 0, at, entries, hash from audit_links where link = 1`);
    expect(await problems()).toEqual([0, 6].map((link) => `Chain ${chain}, link ${link}: it was inserted; its chain does not count it.`));
  });

  test('two links that were swapped are found', async () => {
    const [second, third] = [await linkAt(2), await linkAt(3)];
    await change(sql`update audit_links set entries = ${third.entries}, hash = ${third.hash} where chain = ${chain} and link = 2`);
    await change(sql`update audit_links set entries = ${second.entries}, hash = ${second.hash} where chain = ${chain} and link = 3`);
    expect(await problems()).toEqual([2, 3, 4].map((link) => `Chain ${chain}, link ${link}: its entries or its time were altered.`));
  });

  test('an altered row of a chain is found', async () => {
    await change(sql`update audit_chains set head = reverse(head)`);
    expect(await problems()).toEqual([`Chain ${chain}: its row was altered; its newest link, 5, has another hash than the row.`]);
    await change(sql`update audit_chains set head = reverse(head), replica = 'r2'`);
    expect(await problems()).toEqual([
      `Chain ${chain}: its row was altered; its first link says that another replica opened it, or at another time.`,
    ]);
    await change(sql`update audit_chains set replica = 'r1', links = 9`);
    expect(await problems()).toEqual([`Chain ${chain}, links 6 to 9: they are missing.`]);
  });

  test('a chain whose row is missing is found', async () => {
    await change(sql`delete from audit_chains`);
    expect(await problems()).toEqual([1, 2, 3, 4, 5].map((link) => `Chain ${chain}, link ${link}: the row of its chain is missing.`));
  });

  test('links that were dropped without a retention record are found', async () => {
    const { hash } = await linkAt(2);
    await change(sql`delete from audit_links where link <= 2`);
    await change(sql`update audit_chains set dropped_links = 2, dropped_head = ${hash}`);
    expect(await problems()).toEqual([`Chain ${chain}: its links up to 2 were dropped, and no retention record says so.`]);
  });

  test('a chain that was left open is found once its lease is long past', async () => {
    await clock.advance(5 * 60_000 + 15 * 60_000);
    expect(await problems()).toEqual([]);
    await clock.advance(1);
    expect(await problems()).toEqual([
      `Chain ${chain}: its writer has been gone since 2026-01-01T00:05:04.000Z, and no replica has closed it.`,
    ]);
  });

  test.each(['by its writer', 'by another replica'])('a row that contradicts the link that closed the chain is found: %s', async (by) => {
    const writer = writerOn(database, clock, 'r2');
    chain = await writer.write({ event: 'test' });
    if (by === 'by its writer') await writer.close();
    else {
      await clock.advance(5 * 60_000 + 1);
      await postgresAudit(database, { clock, replica: 'r3' }).closeLapsed();
    }
    expect(await problems()).toEqual([]);
    const { closed_at: closedAt } = await database.db
      .selectFrom('audit_chains')
      .selectAll()
      .where('id', '=', chain)
      .executeTakeFirstOrThrow();
    await change(sql`update audit_chains set closed_at = null, lease_until = '2100-01-01' where id = ${chain}`);
    const closing = `was closed on ${closedAt?.toISOString()}`;
    expect(await problems()).toEqual([
      expect.stringMatching(`^Chain ${chain}: its row was altered; it is open, and chain .* says that it ${closing}`),
    ]);
    await change(sql`update audit_chains set closed_at = ${closedAt}::timestamptz + interval '1 second' where id = ${chain}`);
    expect(await problems()).toEqual([
      expect.stringMatching(`^Chain ${chain}: its row was altered; chain .* says that it ${closing} with`),
    ]);
  });

  test('a row that is closed is found if no link closed the chain', async () => {
    await change(sql`update audit_chains set closed_at = opened_at`);
    expect(await problems()).toEqual([`Chain ${chain}: its row was altered; it is closed, and no chain says so.`]);
  });

  describe('with a checkpoint in another chain', () => {
    let checkpointChain: string;
    beforeEach(async () => {
      const audit = postgresAudit(database, { clock, replica: 'r1' });
      await audit.checkpoint();
      const other = await database.db.selectFrom('audit_chains').select('id').where('id', '<>', chain).executeTakeFirstOrThrow();
      checkpointChain = other.id;
    });

    test('an unchanged audit has no problems', async () => {
      expect(await problems()).toEqual([]);
    });

    test('a chain that was rewound together with its row is found', async () => {
      await rewindTo(3);
      expect(await problems()).toEqual([
        `Chain ${chain}: its newest links were removed; chain ${checkpointChain} says that it had 5 links on 2026-01-01T00:00:04.000Z, and its row has 3.`,
      ]);
    });

    test('a chain that was rewritten together with its row is found', async () => {
      await rewriteFrom(4, '{"event":"nothing"}');
      expect(await problems()).toEqual([
        `Chain ${chain}, link 5: its hash differs from the hash that chain ${checkpointChain} says it had on 2026-01-01T00:00:04.000Z.`,
      ]);
    });

    test('a chain that was rewritten and then had another checkpoint is found by the contradicting checkpoints', async () => {
      await rewriteFrom(4, '{"event":"nothing"}');
      await postgresAudit(database, { clock, replica: 'r2' }).checkpoint();
      expect((await problems()).join('\n')).toMatch(`Chain ${chain}, link 5: chain`);
    });

    test('a chain that was removed with its links and its row is found', async () => {
      await change(sql`delete from audit_links where chain = ${chain}`);
      await change(sql`delete from audit_chains where id = ${chain}`);
      expect(await problems()).toEqual([`Chain ${chain}: it is missing; chain ${checkpointChain} says that it had 5 links.`]);
    });

    test('an altered checkpoint is found, and so is the contradiction that it causes', async () => {
      await change(sql`update audit_links set entries = replace(entries, '"links":5', '"links":4') where chain = ${checkpointChain}`);
      expect(await problems()).toEqual([
        `Chain ${chain}, link 4: its hash differs from the hash that chain ${checkpointChain} says it had on 2026-01-01T00:00:04.000Z.`,
        `Chain ${checkpointChain}, link 2: its entries or its time were altered.`,
      ]);
    });
  });

  test('without a checkpoint in another chain, only the known heads reveal changes', async () => {
    const { heads } = await verdictOf(database, clock);
    await rewindTo(3);
    expect(await problems()).toEqual([]);
    expect((await verdictOf(database, clock, heads)).problems).toEqual([
      `Chain ${chain}: its newest links were removed; the earlier export says that it had 5 links on 2026-01-01T00:00:04.000Z, and its row has 3.`,
    ]);
    await change(sql`delete from audit_links`);
    await change(sql`delete from audit_chains`);
    expect(await problems()).toEqual([]);
    expect((await verdictOf(database, clock, heads)).problems).toEqual([
      `Chain ${chain}: it is missing; the earlier export says that it had 5 links.`,
    ]);
  });

  test('an export of a range is intact, and a missing link in it is found', async () => {
    const range = { from: Date.UTC(2026, 0, 1, 0, 0, 2), until: Date.UTC(2026, 0, 1, 0, 0, 4) };
    const lines = await linesOf(database, clock, range);
    expect(await verifyAudit(() => lines)).toMatchObject({ links: 2, problems: [] });
    await change(sql`delete from audit_links where link = 4`);
    const fewer = await linesOf(database, clock, range);
    expect((await verifyAudit(() => fewer)).links).toBe(1);
    await change(sql`update audit_links set entries = 'x' where link = 3`);
    const altered = await linesOf(database, clock, range);
    expect((await verifyAudit(() => altered)).problems).toEqual([`Chain ${chain}, link 3: its entries or its time were altered.`]);
  });

  test('an export that was cut off is a problem, and text that is not an export is an error', async () => {
    const lines = await linesOf(database, clock);
    expect((await verifyAudit(() => lines.slice(0, -1))).problems).toEqual([
      'The export was cut off: its last line, with the heads of all chains, is missing.',
    ]);
    await expect(verifyAudit(() => [])).rejects.toThrow('it is empty');
    await expect(verifyAudit(() => lines.slice(1))).rejects.toThrow('its first line is missing');
  });
});
