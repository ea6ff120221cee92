import { expect, test } from 'vitest';
import { noRedis } from '../../../../packages/redis/test/servers.ts';
import { startServing } from '../server-process.ts';
import { redisUrl } from './worker-processes.ts';

test.runIf(!noRedis)('a worker that exits during its start ends the server, which reports it after the reason', async () => {
  await using stack = new AsyncDisposableStack();
  const server = await startServing(stack, {
    DATABASE_URL: 'postgres://127.0.0.1:1/none',
    REDIS_URL: redisUrl,
    BUSBAR_WORKERS: '2',
    ZENDESK_SUBDOMAIN: 'acme',
    ZENDESK_CLIENT_ID: 'busbar',
    ZENDESK_CLIENT_SECRET: 'hush-hush',
  });
  expect(await server.ended).toBe(1);
  expect(server.stdout).toBe('');
  expect(server.stderr).toMatch(
    /^The database cannot be reached .*\nWorker 1 exited during its start \(exit code 1\)\. The reason is printed above\.\n$/,
  );
});
