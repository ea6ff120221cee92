import { parseArgs } from 'node:util';
import { banner } from './banner.ts';
import { readConfig } from './config.ts';
import { startServer } from './server.ts';
import { closeOnSignal } from './close-on-signal.ts';
import { startFailure } from './start-failure.ts';

try {
  const { values } = parseArgs({ options: { 'new-key': { type: 'boolean' } } });
  const config = readConfig();
  const server = await startServer(config, { newKey: values['new-key'] });
  closeOnSignal(server, config.BUSBAR_DRAIN_MS);
  process.stdout.write(banner(server));
} catch (error) {
  process.stderr.write(`${startFailure(error)}\n`);
  process.exitCode = 1;
}
