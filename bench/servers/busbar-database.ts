// A database for the benchmark: `make` creates it, migrates it, and prints its URL and an API key; `drop URL` removes it.
import { randomBytes } from 'node:crypto';
import { systemClock } from '@busbar/core';
import { createApiKeys, openDatabase } from '@busbar/postgres';
import pg from 'pg';

const candidates = process.env['TEST_DATABASE_URL']
  ? [process.env['TEST_DATABASE_URL']]
  : ['postgres://postgres@127.0.0.1:5432/postgres', 'postgres://root@127.0.0.1:5432/postgres'];

const [what, url] = process.argv.slice(2);
if (what === 'make') console.log(JSON.stringify(await make()));
else if (url !== undefined) await command(`drop database ${new URL(url).pathname.slice(1)} with (force)`);

async function make() {
  const name = `busbar_bench_${randomBytes(6).toString('hex')}`;
  const made = new URL(await command(`create database ${name}`));
  made.pathname = `/${name}`;
  const database = await openDatabase({ url: made.href });
  const { key } = await createApiKeys(database, systemClock).create({ tenant: 'bench', name: 'bench', roles: [] });
  await database.close();
  return { url: made.href, key };
}

/** Runs a statement on the first server that answers, and returns the server's URL. */
async function command(sql: string): Promise<string> {
  for (const server of candidates) {
    const client = new pg.Client({ connectionString: server, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
    } catch {
      continue;
    }
    await client.query(sql);
    await client.end();
    return server;
  }
  throw new Error('The benchmark needs a PostgreSQL server: set TEST_DATABASE_URL, or run one on 127.0.0.1:5432.');
}
