import { openDatabase, postgresMetering, reconcile, type Database } from '../../../packages/postgres/src/index.ts';
import { systemClock } from '../../../packages/core/src/index.ts';
import { expect, test } from 'vitest';
import { findProblems, readLedger } from '../../../examples/hosted-server/test/chaos/checks.ts';
import { createClients } from '../../../examples/hosted-server/test/chaos/clients.ts';
import { startLoad, type Load } from '../../../examples/hosted-server/test/chaos/load.ts';
import { startReplicas } from '../../../examples/hosted-server/test/chaos/replicas.ts';
import { startVendor, type Vendor } from '../../../examples/hosted-server/test/chaos/vendor.ts';
import { dataFolder } from '../../../examples/hosted-server/test/server-process.ts';
import { postgresql } from '../../../packages/postgres/test/support/databases.ts';
import { startProxy } from '../../../packages/postgres/test/support/proxy.ts';
import { noRedis } from '../../../packages/redis/test/servers.ts';
import { startNoise } from './noise.ts';

const env = { BUSBAR_LEASE_MS: '1000', BUSBAR_SECRET: 'a secret of the tests, which is long enough', LOG_LEVEL: 'silent' };

/** Expects every call of the clients in the ledger once, each write at the vendor at most once, and nothing of the attackers. */
async function expectWhole(database: Database, load: Load, vendor: Vendor): Promise<void> {
  // A minute later every lease has expired.
  const later = { ...systemClock, now: () => systemClock.now() + 60_000 };
  await postgresMetering(database, { clock: later }).sweep();
  const ledger = await readLedger(database);
  expect(findProblems(ledger, load.sent, vendor)).toEqual([]);
  expect(await reconcile(database)).toMatchObject({ calls: ledger.calls.length, problems: [] });
  const keys = await database.db.selectFrom('api_keys').select('name').where('name', '=', 'stolen').execute();
  expect(keys).toEqual([]);
}

test('a server that is killed with kill -9 under attack loses no call and repeats no write, on its embedded database', async () => {
  await using stack = new AsyncDisposableStack();
  const vendor = await startVendor(stack);
  const folder = await dataFolder(stack);
  const before = await openDatabase({ folder });
  const clients = await createClients(before, 4);
  await before.close();
  const server = await startReplicas(stack, 1, { ...vendor.env, ...env, BUSBAR_DATA_DIR: folder });
  const load = startLoad(clients, server.pick);
  const noise = startNoise(clients[0]?.key ?? '', server.pick);
  await load.answered(20);
  const sentBefore = noise.sent;
  await server.kill();
  await load.answered(20);
  expect(noise.sent).toBeGreaterThan(sentBefore);
  await Promise.all([load.stop(), noise.stop()]);
  await server.stop();
  const database = await openDatabase({ folder });
  stack.defer(() => database.close());
  await expectWhole(database, load, vendor);
}, 180_000);

test.skipIf(!postgresql || noRedis)(
  'servers that lose their Redis, then their database, then one of them under attack lose no call and repeat no write, on PostgreSQL',
  async () => {
    await using stack = new AsyncDisposableStack();
    const place = await postgresql?.place();
    if (!place || !('url' in place.options) || place.options.url === undefined) throw new Error('no PostgreSQL server');
    stack.defer(() => place.remove());
    const vendor = await startVendor(stack);
    const database = await openDatabase(place.options);
    stack.defer(() => database.close());
    const clients = await createClients(database, 8);
    const postgresProxy = await startProxy(place.options.url);
    const redisProxy = await startProxy(process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379');
    for (const proxy of [postgresProxy, redisProxy]) stack.defer(() => proxy.close());
    const servers = await startReplicas(stack, 2, { ...vendor.env, ...env, DATABASE_URL: postgresProxy.url, REDIS_URL: redisProxy.url });
    const load = startLoad(clients, servers.pick);
    const noise = startNoise(clients[0]?.key ?? '', servers.pick);
    await load.answered(20);
    redisProxy.cut();
    await load.answered(20);
    redisProxy.mend();
    // Some calls have written, and cannot be recorded.
    const letGo = await vendor.hold(3);
    postgresProxy.cut();
    letGo();
    postgresProxy.mend();
    await load.answered(20);
    await servers.kill();
    await load.answered(20);
    await Promise.all([load.stop(), noise.stop()]);
    await servers.stop();
    expect(noise.sent).toBeGreaterThan(20);
    await expectWhole(database, load, vendor);
  },
  180_000,
);
