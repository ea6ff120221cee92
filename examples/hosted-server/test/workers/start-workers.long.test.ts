import { startZendeskSandbox } from '@busbar/connector-zendesk/sandbox';
import { describe, expect, test } from 'vitest';
import { postgresql } from '../../../../packages/postgres/test/support/databases.ts';
import { noRedis } from '../../../../packages/redis/test/servers.ts';
import { startServing } from '../server-process.ts';
import { isAlive, pidsOf, twoWorkers } from './worker-processes.ts';

describe.runIf(postgresql && !noRedis)('two workers', () => {
  test('kill and restart a worker that is blocked for ten seconds', async () => {
    await using stack = new AsyncDisposableStack();
    const sandbox = await startZendeskSandbox();
    stack.defer(() => sandbox.close());
    const server = await startServing(stack, await twoWorkers(stack, sandbox));
    const before = await pidsOf(server);
    process.kill(before.two, 'SIGSTOP');
    await server.logged(new RegExp(`"worker":2,"pid":${before.two},"msg":"A worker is blocked and will be killed"`));
    await server.logged(new RegExp(`"pid":${before.two},"msg":"A worker is blocked[^]*"worker":2,"pid":\\d+,"msg":"A worker serves"`));
    const after = await pidsOf(server);
    expect([after.one === before.one, isAlive(before.two), isAlive(after.two)]).toEqual([true, false, true]);
  });
});
