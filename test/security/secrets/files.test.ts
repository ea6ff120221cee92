import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dataFolder, startServing, temporaryFolder } from '../../../examples/hosted-server/test/server-process.ts';

const accounts = [{ connector: 'sendgrid', name: 'newsletter', config: { apiKey: 'SG.canary' } }];

test('the server takes its data folder and its secret from other users, and warns of a connections file that they can read', async () => {
  await using stack = new AsyncDisposableStack();
  const data = await dataFolder(stack);
  const secret = join(data, 'secret');
  writeFileSync(secret, 'a'.repeat(64));
  for (const path of [data, join(data, 'pglite'), secret]) chmodSync(path, 0o777);
  const connections = join(await temporaryFolder(stack), 'connections.json');
  writeFileSync(connections, JSON.stringify(accounts));
  chmodSync(connections, 0o644);

  const server = await startServing(stack, { BUSBAR_DATA_DIR: data, BUSBAR_CONNECTIONS: connections });
  await server.logged(/can read the secrets in the file of BUSBAR_CONNECTIONS. Run: chmod o-r/);
  const modeOf = (path: string) => statSync(path).mode & 0o777;
  expect([data, join(data, 'pglite'), secret].map(modeOf)).toEqual([0o700, 0o700, 0o600]);
  expect(server.stderr).not.toContain('SG.canary');
});
