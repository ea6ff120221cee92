// Measures how long a call waits for both of its records with 16 in flight, compared with an insert of one row in its own transaction. One
// run measures both in turn: `node packages/postgres/bench/latency.ts`. On a busy machine the figures mostly show how busy it is.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { openDatabase, postgresMetering } from '../src/index.ts';
import { postgresql } from '../test/support/databases.ts';
import { admitToRun, callOf, ending } from '../test/support/ledger.ts';

const inFlight = 16;
const rounds = 7;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The median time of `work`, in milliseconds, with `workers` always in flight. */
async function medianOf(workers: number, each: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  const worker = async () => {
    for (let index = 0; index < each; index += 1) {
      const began = performance.now();
      await work();
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return median(times);
}

const at = await postgresql?.place();
if (!at || !('url' in at.options))
  throw new Error('This needs a PostgreSQL server: set TEST_DATABASE_URL, or start one on 127.0.0.1:5432.');
const database = await openDatabase(at.options);
const pool = new pg.Pool({ connectionString: at.options.url, max: inFlight }).on('error', () => {});
await pool.query('create table single (id text primary key, value text)');
const metering = postgresMetering(database, { quotas: [{ of: 'calls', limit: 1_000_000, per: 'month', each: 'tenant' }] });

const insert = () => pool.query('insert into single values ($1, $2)', [randomUUID(), 'x'.repeat(500)]);
const call = async () => {
  const call = callOf();
  await metering.settle(await admitToRun(metering, { ...call, key: call.callId }), ending('executed', 'yes'));
};

await Promise.all([medianOf(inFlight, 50, insert), medianOf(inFlight, 50, call)]);
const ratios: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  const alone = await medianOf(1, 200, insert);
  const single = await medianOf(inFlight, 100, insert);
  const both = await medianOf(inFlight, 100, call);
  ratios.push(both / single);
  console.log(
    `a row alone ${alone.toFixed(2)} ms · a row at ${inFlight} in flight ${single.toFixed(2)} ms · both records of a call ${both.toFixed(2)} ms`,
  );
}
console.log(`both records against one row, each at ${inFlight} in flight: median ${median(ratios).toFixed(1)} of ${rounds} rounds`);

await pool.end();
await metering.drain();
await database.close();
await at.remove();
