import cluster from 'node:cluster';
import { parseArgs } from 'node:util';
import { banner } from './banner.ts';
import { readConfig, type Config } from './settings/config.ts';
import { migrateDatabase } from './process/migrate-database.ts';
import { startServer, type StartOptions } from './server.ts';
import { closeOnSignal } from './process/close-on-signal.ts';
import { startFailure } from './process/start-failure.ts';
import { beatForPrimary } from './workers/heartbeats.ts';
import { startWorkers, tellServing } from './workers/start-workers.ts';

if (cluster.isWorker) beatForPrimary();
try {
  const { values } = parseArgs({
    // `worker` is for the processes that this one starts.
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
  const several = cluster.isPrimary && config.BUSBAR_WORKERS > 1;
  const server = await (several ? startWorkers : startServer)(config, options);
  closeOnSignal(server, config.BUSBAR_DRAIN_MS);
  if (cluster.isPrimary) process.stdout.write(banner(server));
  else tellServing(server);
}
