import { manualClock } from '@busbar/core/testing';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/index.ts';
import { kinds } from '../support/databases.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe.each(kinds)('a database on $kind', ({ place }) => {
  async function opened() {
    const at = await place();
    ends.push(() => at.remove());
    const clock = manualClock();
    const database = await openDatabase({ ...at.options, clock });
    ends.push(() => database.close());
    return { clock, database };
  }

  test('cannot write for ten seconds after a statement failed because it is read-only', async () => {
    const { clock, database } = await opened();
    expect(database.canWrite).toBe(true);
    const written = database.ledger.transaction().execute(async (trx) => {
      await sql`set transaction read only`.execute(trx);
      await sql`delete from calls`.execute(trx);
    });
    await expect(written).rejects.toThrow('read-only transaction');
    await database.ping();
    expect(database.canWrite).toBe(false);
    await clock.advance(9_999);
    expect(database.canWrite).toBe(false);
    await clock.advance(1);
    expect(database.canWrite).toBe(true);
  });

  test('can write after statements that failed for other reasons', async () => {
    const { database } = await opened();
    for (const wrong of [sql`select 1 / 0`, sql`select from nowhere`, sql`insert into api_keys (id) values ('half')`, sql`nonsense`])
      await expect(wrong.execute(database.db)).rejects.toThrow(/zero|exist|null|syntax/);
    expect(database.canWrite).toBe(true);
  });
});
