import { parseArgs } from 'node:util';
import { banner } from './banner.ts';
import { readConfig, type Config } from './config.ts';
import { migrateDatabase } from './migrate-database.ts';
import { startServer } from './server.ts';
import { closeOnSignal } from './close-on-signal.ts';
import { startFailure } from './start-failure.ts';

try {
  const { values } = parseArgs({ options: { 'new-key': { type: 'boolean' }, migrate: { type: 'boolean' } } });
  const config = readConfig();
  if (values.migrate) process.stdout.write(`${await migrateDatabase(config)}\n`);
  else await serve(config, values['new-key']);
} catch (error) {
  process.stderr.write(`${startFailure(error)}\n`);
  process.exitCode = 1;
}

async function serve(config: Config, newKey: boolean | undefined): Promise<void> {
  const server = await startServer(config, { newKey });
  closeOnSignal(server, config.BUSBAR_DRAIN_MS);
  process.stdout.write(banner(server));
}
