import { openDatabase, postgresMetering, reconcile } from '@busbar/postgres';
import { systemClock } from '@busbar/core';
import { expect, test } from 'vitest';
import { dataFolder } from '../server-process.ts';
import { countUp, findProblems, readLedger } from './checks.ts';
import { createClients } from './clients.ts';
import { startLoad } from './load.ts';
import { startReplicas } from './replicas.ts';
import { startVendor } from './vendor.ts';

/** The number of kills. Set BUSBAR_KILLS for more. */
const kills = Number(process.env['BUSBAR_KILLS'] ?? 20);

test(`a server with its own folder, killed ${kills} times under load: the folder opens each time, and the ledger has every call once`, async () => {
  await using stack = new AsyncDisposableStack();
  const vendor = await startVendor(stack);
  const folder = await dataFolder(stack);
  const before = await openDatabase({ folder });
  const clients = await createClients(before, 16);
  await before.close();
  const server = await startReplicas(stack, 1, { ...vendor.env, BUSBAR_DATA_DIR: folder, BUSBAR_LEASE_MS: '1000' });

  const startedAt = performance.now();
  const load = startLoad(clients, server.pick);
  for (let kill = 1; kill <= kills; kill += 1) {
    await load.answered(10);
    await server.kill();
  }
  await load.answered(10);
  await load.stop();
  await server.stop();
  const seconds = Math.round(performance.now() - startedAt) / 1000;
  expect(server.failedStarts).toEqual([]);

  const after = await openDatabase({ folder });
  stack.defer(() => after.close());
  // A minute later every lease has expired.
  const later = { ...systemClock, now: () => systemClock.now() + 60_000 };
  await postgresMetering(after, { clock: later }).sweep();
  const ledger = await readLedger(after);
  console.info({ kills, seconds, ...countUp(ledger, load.sent, vendor) });
  expect(findProblems(ledger, load.sent, vendor)).toEqual([]);
  expect(await reconcile(after)).toMatchObject({ calls: ledger.calls.length, problems: [] });
}, 600_000);
