import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock, type Clock } from '@busbar/core';
import { afterEach, describe, expect, test } from 'vitest';
import { openDatabase, postgresMetering, type Database } from '../../src/index.ts';
import { kinds, type Kind } from '../support/databases.ts';
import { callOf, staying } from '../support/ledger.ts';
import { wasmFlags } from '../support/pglite-template.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A process with its own database, and its output. */
async function startChild(kind: Kind, what: 'hold' | 'work') {
  const at = await kind.place();
  ends.push(() => at.remove());
  const child = spawn(
    process.execPath,
    [...wasmFlags, fileURLToPath(new URL('./crash-child.ts', import.meta.url)), what, JSON.stringify(at.options)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines: string[] = [];
  const reader = createInterface(child.stdout).on('line', (line) => lines.push(line));
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = Promise.all([once(child, 'close'), once(reader, 'close')]);
    child.kill('SIGKILL');
    await closed;
  };
  ends.push(kill);
  const open = async () => {
    const database = await openDatabase(at.options);
    ends.push(() => database.close());
    return database;
  };
  return { lines, reader, kill, open };
}

/** A clock that is a minute ahead: every lease has expired. */
const afterTheLease: Clock = { ...systemClock, now: () => systemClock.now() + 60_000 };

const statuses = async ({ db }: Database) =>
  Object.fromEntries(
    (
      await db
        .selectFrom('calls')
        .select(({ fn }) => ['status', fn.countAll<string>().as('count')])
        .groupBy('status')
        .execute()
    ).map(({ status, count }) => [status, Number(count)]),
  );

describe.each(kinds)('after kill -9 on $kind', (kind) => {
  test('a sweep ends admitted calls, and their keys never run again', async () => {
    const { reader, kill, open } = await startChild(kind, 'hold');
    await once(reader, 'line');
    await kill();
    const database = await open();
    expect(await statuses(database)).toEqual({ running: 15 });

    const early = postgresMetering(database);
    expect(await early.sweep()).toEqual({ unknown: 0, failed: 0 });
    const metering = postgresMetering(database, { clock: afterTheLease });
    expect(await metering.sweep()).toEqual({ unknown: 10, failed: 5 });
    expect(await statuses(database)).toEqual({ unknown: 10, failed: 5 });
    for (let index = 0; index < 10; index += 1)
      await expect(metering.admit(callOf({ key: `k${index}` }), staying)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  });

  test.each([1, 2])('during settlements, every call that was reported as settled is in the ledger once (%i)', async (round) => {
    const { lines, reader, kill, open } = await startChild(kind, 'work');
    while (lines.length < 100 * round) await once(reader, 'line');
    await kill();
    const database = await open();
    const rows = await database.db.selectFrom('calls').select(['call_id', 'status']).execute();
    const executed = new Set(rows.filter(({ status }) => status === 'executed').map(({ call_id }) => call_id));
    expect(lines.slice(0, -1).filter((callId) => !executed.has(callId))).toEqual([]);
    expect(new Set(lines).size).toBe(lines.length);

    const metering = postgresMetering(database, { clock: afterTheLease });
    const { unknown, failed } = await metering.sweep();
    expect(failed).toBe(0);
    expect(await statuses(database)).toEqual({ executed: executed.size, ...(unknown > 0 && { unknown }) });
    const claims = await database.db.selectFrom('claims').select(['answer', 'expires_at']).execute();
    expect(claims.filter(({ expires_at }) => expires_at === null)).toEqual([]);
    expect(claims.filter(({ answer }) => answer === null)).toHaveLength(unknown);
  });
});
