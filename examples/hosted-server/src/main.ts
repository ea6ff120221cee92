import cluster from 'node:cluster';
import { parseArgs } from 'node:util';
import { banner } from './banner.ts';
import { closeOnSignal } from './process/close-on-signal.ts';
import { migrateDatabase } from './process/migrate-database.ts';
import { startFailure } from './process/start-failure.ts';
import { startServer, type StartOptions } from './server.ts';
import { readConfig, type Config } from './settings/config.ts';
import { sendHeartbeats } from './workers/heartbeats.ts';
import { reportServing, startWorkers } from './workers/start-workers.ts';

if (cluster.isWorker) sendHeartbeats();
try {
  const { values } = parseArgs({
    // This process passes `worker` to the processes that it starts.
    options: { 'new-key': { type: 'boolean' }, migrate: { type: 'boolean' }, worker: { type: 'string' } },
  });
  const config = readConfig();
  if (values.migrate) process.stdout.write(`${await migrateDatabase(config)}\n`);
  else await serve(config, { newKey: values['new-key'], worker: values.worker });
} catch (error) {
  process.stderr.write(`${startFailure(error)}\n`);
  process.exitCode = 1;
  // The channel to the primary would keep a worker alive.
  if (cluster.isWorker) process.exit();
}

async function serve(config: Config, options: StartOptions): Promise<void> {
  const hasWorkers = cluster.isPrimary && config.BUSBAR_WORKERS > 1;
  const server = await (hasWorkers ? startWorkers : startServer)(config, options);
  closeOnSignal(server, config.BUSBAR_DRAIN_MS);
  if (cluster.isPrimary) process.stdout.write(banner(server));
  else reportServing(server);
}
