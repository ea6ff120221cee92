import { openDatabase, reconcile } from '@busbar/postgres';
import { expect, test } from 'vitest';
import { noOwnPostgres, ownPostgres } from '../../../../packages/postgres/test/support/own-postgres.ts';
import { noOwnRedis, ownServer } from '../../../../packages/redis/test/servers.ts';
import { countUp, findProblems, readLedger } from './checks.ts';
import { createClients } from './clients.ts';
import { findOverspending, quotaOf, quotaSetting } from './quotas.ts';
import { startLoad } from './load.ts';
import { startReplicas } from './replicas.ts';
import { startVendor } from './vendor.ts';

/** The number of kills: 10 in a run of all tests; set BUSBAR_KILLS for more. */
const kills = Number(process.env['BUSBAR_KILLS'] ?? 10);

test.skipIf(noOwnPostgres ?? noOwnRedis)(
  `three replicas, ${kills} kills, two restarts of PostgreSQL and one of Redis: the ledger has every call once`,
  async () => {
    await using stack = new AsyncDisposableStack();
    const postgres = await ownPostgres();
    stack.defer(() => postgres.remove());
    const redis = await ownServer();
    stack.defer(() => redis.remove());
    const vendor = await startVendor(stack);
    const database = await openDatabase(postgres);
    stack.defer(() => database.close());
    const clients = await createClients(database, 24);
    // Both quotas are used up before the end.
    const quotas = [quotaOf('zendesk_search_tickets', 'tenant', 10 * kills), quotaOf('zendesk_add_comment', 'key', Math.ceil(kills / 2))];
    const replicas = await startReplicas(stack, 3, {
      ...vendor.env,
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      BUSBAR_SECRET: 'the same on all replicas, and long enough',
      BUSBAR_LEASE_MS: '2000',
      ...(await quotaSetting(stack, quotas)),
    });

    /** Restarts PostgreSQL while some calls that have already written end. */
    const restartPostgres = async (how: 'fast' | 'immediate') => {
      const letGo = await vendor.hold(6);
      await postgres.stop(how);
      letGo();
      await postgres.start();
    };

    const restartRedis = async () => {
      await redis.kill();
      await load.answered(50);
      await redis.start();
    };

    const startedAt = performance.now();
    const load = startLoad(clients, replicas.pick);
    for (let kill = 1; kill <= kills; kill += 1) {
      await load.answered(100);
      await replicas.kill();
      if (kill === Math.ceil(kills / 3)) await restartPostgres('fast');
      if (kill === Math.ceil(kills / 2)) await restartRedis();
      if (kill === Math.ceil((2 * kills) / 3)) await restartPostgres('immediate');
    }
    await load.answered(100);
    await load.stop();
    const seconds = Math.round(performance.now() - startedAt) / 1000;
    await replicas.allServe();

    const running = () => database.db.selectFrom('calls').select('call_id').where('status', '=', 'running').execute();
    await expect.poll(running, { timeout: 20_000, interval: 200 }).toEqual([]);
    const ledger = await readLedger(database);
    console.info({ kills, seconds, failedStarts: replicas.failedStarts.length, ...countUp(ledger, load.sent, vendor) });
    expect(findProblems(ledger, load.sent, vendor)).toEqual([]);
    expect(await reconcile(database)).toMatchObject({ calls: ledger.calls.length, problems: [] });
    expect(await findOverspending(database, quotas)).toEqual([]);
    for (const { where } of quotas) {
      const refusals = load.sent.filter(({ tool, end }) => tool === where.tool && end.kind === 'error' && end.code === 'QUOTA_EXCEEDED');
      expect(refusals).not.toEqual([]);
    }
  },
  120_000 + kills * 5_000,
);
