import { once } from 'node:events';
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { startZendeskSandbox, type ZendeskSandbox } from '@busbar/connector-zendesk/sandbox';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { postgresql } from '../../../../packages/postgres/test/support/databases.ts';
import { noRedis } from '../../../../packages/redis/test/servers.ts';
import { callTool } from '../mcp-requests.ts';
import { startServing, type ServerProcess } from '../server-process.ts';
import { isAlive, pidsOf, twoWorkers } from './worker-processes.ts';

const creates = 'POST /api/v2/tickets';

/** Sends a request over a new connection, so that any worker may get it. */
async function ask(url: URL, options: RequestOptions, body = ''): Promise<string> {
  const sent = request(url, { ...options, agent: false }).end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return Buffer.concat(await response.toArray()).toString();
}

describe.runIf(postgresql && !noRedis)('two workers', () => {
  const stack = new AsyncDisposableStack();
  let sandbox: ZendeskSandbox;
  let running: ServerProcess | undefined;
  beforeAll(async () => {
    sandbox = await startZendeskSandbox();
    stack.defer(() => sandbox.close());
  });
  afterAll(() => stack.disposeAsync());

  /** The running server, or a new one. */
  const serving = async () => (running ??= await startServing(stack, await twoWorkers(stack, sandbox)));

  /** Calls a tool over this number of connections, and returns how many calls were answered. */
  async function call({ url, key }: ServerProcess, connections: number): Promise<number> {
    const params = { name: 'zendesk_search_tickets', arguments: {} };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `Bearer ${key}` };
    const answers = await Promise.all(Array.from({ length: connections }, () => ask(new URL(url), { method: 'POST', headers }, body)));
    return answers.filter((answer) => answer.includes('"result"')).length;
  }
  /** The number of calls that each worker has received, by the worker's number. */
  async function calls({ url }: ServerProcess): Promise<ReadonlyMap<string, number>> {
    const metrics = await ask(new URL('/metrics', url), {});
    expect(metrics).toContain('# TYPE mcp_requests_total counter');
    const counts = new Map<string, number>();
    for (const [, worker = '', count] of metrics.matchAll(/^mcp_requests_total\{.*worker="(\d)"\} (\d+)$/gm))
      counts.set(worker, (counts.get(worker) ?? 0) + Number(count));
    return counts;
  }

  test('serve one port with one first key, and each shows the metrics of both', async () => {
    const server = await serving();
    expect(server.stdout.match(/API key +bb_/g)).toHaveLength(1);
    const sum = (counts: ReadonlyMap<string, number>) => counts.values().reduce((all, count) => all + count, 0);
    const before = sum(await calls(server));
    expect(await call(server, 40)).toBe(40);
    // A worker remembers the metrics for a second.
    const scraped = async () => {
      const counts = await calls(server);
      return [[...counts.keys()].sort(), sum(counts) - before];
    };
    for (let scrape = 0; scrape < 5; scrape += 1) await expect.poll(scraped).toEqual([['1', '2'], 40]);
  });

  test('leave out the metrics of a worker that does not answer', async () => {
    const server = await serving();
    const { two } = await pidsOf(server);
    process.kill(two, 'SIGSTOP');
    onTestFinished(() => void (isAlive(two) && process.kill(two, 'SIGCONT')));
    // Requests on connections to the stopped worker wait with it.
    const scraped = async () => [...(await Promise.any(Array.from({ length: 30 }, () => calls(server)))).keys()];
    await expect.poll(scraped).toEqual(['1']);
  });

  test('keep their port: a second server reports that it is in use', async () => {
    const { port } = new URL((await serving()).url);
    const second = await startServing(stack, { ...(await twoWorkers(stack, sandbox)), PORT: port });
    expect(await second.ended).toBe(1);
    expect(second.stderr).toBe(
      `Port ${port} on 127.0.0.1 is in use. Stop the program that listens there, or set PORT to another port (0 takes any free port).\n`,
    );
  });

  test('restart a worker that is killed, while the other serves', async () => {
    const server = await serving();
    const before = await pidsOf(server);
    process.kill(before.two, 'SIGKILL');
    await server.logged(/"worker":2,"how":"SIGKILL","waitMs":1000,"msg":"A worker exited/);
    expect(await call(server, 5)).toBe(5);
    await server.logged(/A worker exited[^]*"worker":2,"pid":\d+,"msg":"A worker serves"/);
    const after = await pidsOf(server);
    expect([after.one === before.one, after.two === before.two, isAlive(after.two)]).toEqual([true, false, true]);
  });

  test('exit on SIGTERM at the same time, after they have answered running calls; then the server exits with 0', async () => {
    const server = await serving();
    running = undefined;
    const pids = await pidsOf(server);
    sandbox.misbehave({ kind: 'hang', match: creates, times: 12 });
    const answers = Array.from({ length: 12 }, () => callTool(server, 'zendesk_create_ticket', { subject: 'Slow', body: 'Very.' }));
    await sandbox.received(creates, 12);
    server.kill('SIGTERM');
    await server.logged(/("Stopping: [^]*){3}/);
    sandbox.recover();
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ isError: false });
    expect(await server.ended).toBe(0);
    expect([isAlive(pids.one), isAlive(pids.two)]).toEqual([false, false]);
    expect(server.stderr.match(/"Stopped"/g)).toHaveLength(3);
  });

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
