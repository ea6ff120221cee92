import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { openDatabase } from '@busbar/postgres';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTicketOnce } from './create-ticket-once.ts';
import { callTool, parseMessage, post } from './mcp-requests.ts';
import { dataFolder, startServing, temporaryFolder, type ServerProcess } from './server-process.ts';

const run = promisify(execFile);

describe('a server started without settings', () => {
  const stack = new AsyncDisposableStack();
  let folder: string;
  let server: ServerProcess;

  beforeAll(async () => {
    folder = await temporaryFolder(stack);
    server = await startServing(stack, { BUSBAR_DATA_DIR: folder, LOG_LEVEL: 'debug' });
  });
  afterAll(() => stack.disposeAsync());

  test('prints that it is a demo, its address, and the key', () => {
    expect(server.stdout).toContain('DEMO MODE');
    expect(server.stdout).toContain('Salesforce has 2 accounts: calls choose one with the input "connection", "emea" or "apac".');
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/);
    expect(server.key).toMatch(/^bb_/);
  });

  test('prints the lines that README.md shows', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    const block = /```text\n(Busbar is ready[^]*?)```/.exec(readme)?.[1] ?? '';
    // The address, the key and the command differ from run to run.
    const lines = [...block.split('\n').filter((line) => /^[A-Z]/.test(line)), ...(block.match(/\(.*: keep it\)/) ?? [])];
    expect(lines.length).toBe(3);
    for (const line of lines) expect(server.stdout).toContain(line);
  });

  test('prints a JSON entry for a client’s configuration', () => {
    const entry = /^ {2}\{\n[^]*?^ {2}\}$/m.exec(server.stdout)?.[0] ?? '';
    expect(JSON.parse(entry)).toEqual({
      mcpServers: { busbar: { type: 'http', url: server.url, headers: { Authorization: `Bearer ${server.key}` } } },
    });
  });

  test('prints a curl command that creates a ticket when pasted into a shell', async () => {
    const pasted = server.stdout.slice(server.stdout.indexOf('  curl '));
    const { stdout } = await run('sh', ['-c', pasted]);
    expect(parseMessage(stdout)).toMatchObject({ result: { structuredContent: { subject: 'The printer is on fire' } } });
  });

  test('runs the commands of README.md that repeat a call, which create one ticket', async () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    const block = /```sh\n(KEY=[^]*?)```/.exec(readme)?.[1] ?? '';
    const commands = block.replace(/^KEY=.*/, `KEY=${server.key}`).replace('http://127.0.0.1:3000/mcp', server.url);
    const answers = (await run('sh', ['-c', commands])).stdout.split('\n').filter((line) => line.startsWith('data: '));
    const tickets = answers.map((line) => (parseMessage(line) as { result: { structuredContent: unknown } }).result.structuredContent);
    expect(tickets).toEqual([tickets[0], tickets[0]]);
    expect(tickets[0]).toMatchObject({ subject: 'The printer is out' });
    const found = await callTool(server, 'zendesk_search_tickets', { text: 'The printer is out' });
    expect(found.structuredContent).toMatchObject({ total: 1 });
  });

  test('serves the function of README.md that creates a ticket once', async () => {
    const made = await createTicketOnce(server.url, server.key, '1042');
    expect(made).toMatchObject({ subject: 'Order 1042 is late' });
    expect(await createTicketOnce(server.url, server.key, '1042')).toEqual(made);
  });

  test('serves the official client, which lists the tools, creates a ticket and reads it', async () => {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    const requestInit = { headers: { authorization: `Bearer ${server.key}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(server.url), { requestInit }));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('zendesk_create_ticket');
    const made = await client.callTool({ name: 'zendesk_create_ticket', arguments: { subject: 'No ink', body: 'All colours.' } });
    const { id } = made.structuredContent as { id: number };
    const read = await client.callTool({ name: 'zendesk_get_ticket', arguments: { ticketId: id } });
    expect(read.structuredContent).toMatchObject({ ticket: { subject: 'No ink' } });
    await client.close();
  });

  test.each([
    ['no key', {}],
    ['a wrong key', { authorization: `Bearer bb_${'A'.repeat(43)}` }],
    ['a credential that is not a key', { authorization: 'Basic YTpi' }],
  ])('refuses %s with 401', async (_, headers) => {
    const { status, body } = await post(server.url, { ...headers });
    expect(status).toBe(401);
    expect(body).toContain('API key');
  });

  test('has health pages, and shows the detailed page only with a key', async () => {
    const page = async (path: string, headers = {}) => {
      const response = await fetch(new URL(path, server.url), { headers });
      return { status: response.status, body: await response.json() };
    };
    expect(await page('/health')).toEqual({ status: 200, body: { status: 'ready', database: 'ok' } });
    expect(await page('/health/ready')).toEqual({ status: 200, body: { status: 'ready', database: 'ok' } });
    expect(await page('/health/live')).toEqual({ status: 200, body: { status: 'live' } });
    expect((await page('/health/detailed')).status).toBe(401);
    const detailed = () => page('/health/detailed', { authorization: `Bearer ${server.key}` });
    const connectors = [
      { connector: 'zendesk', checked: 1, healthy: 1 },
      { connector: 'sendgrid', checked: 1, healthy: 1 },
      { connector: 'salesforce', checked: 2, healthy: 2 },
    ];
    await expect.poll(detailed).toMatchObject({ status: 200, body: { status: 'ready', version: '0.0.0', connectors } });
    expect(JSON.stringify(await detailed())).not.toMatch(/default|key_|sandbox|emea/);
    expect((await page('/elsewhere')).status).toBe(404);
  });

  test('has metrics without tenants in them', async () => {
    await callTool(server, 'zendesk_get_ticket', { ticketId: 999_999_999 });
    const read = async () => (await fetch(new URL('/metrics', server.url))).text();
    // The first connection check runs at the same time as the calls.
    await expect.poll(read).toContain('\nmcp_connector_healthy{');
    const metrics = await read();
    for (const name of [
      'mcp_requests_total{',
      'mcp_request_duration_seconds_bucket{',
      'mcp_requests_failed_total{',
      'mcp_connector_healthy{',
      'mcp_connector_requests_total{',
      'mcp_connector_errors_total{',
      'mcp_circuit_breaker_state{',
      'mcp_circuit_breaker_opened_total{',
      'mcp_rate_limit_exceeded_total ',
    ])
      expect(metrics).toContain(`\n${name}`);
    const labels = metrics.split('\n').filter((line) => line.startsWith('mcp_'));
    expect(labels.join('\n')).not.toMatch(/tenant|default|key_|connection=|sandbox|emea/);
  });
});

test('a stopped server exits with 0, leaves a record of each call, and has logged no key', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await dataFolder(stack);
  const server = await startServing(stack, { BUSBAR_DATA_DIR: folder, LOG_LEVEL: 'debug' });
  await callTool(server, 'zendesk_create_ticket', { subject: 'No ink', body: 'All colours.' });
  await callTool(server, 'zendesk_get_ticket', { ticketId: 999_999_999 });
  await callTool(server, 'zendesk_get_ticket', { ticketId: 'seven' });
  await post(server.url, { authorization: `Bearer bb_${'A'.repeat(43)}` });
  server.kill('SIGTERM');
  expect(await server.ended).toBe(0);

  const lines = server.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string });
  expect(lines.at(-1)?.msg).toBe('Stopped');
  expect(lines.filter(({ msg }) => /^(slow )?call$/.test(msg))).toMatchObject([
    { tool: 'zendesk_create_ticket', status: 'executed' },
    { tool: 'zendesk_get_ticket', status: 'failed', code: 'NOT_FOUND' },
    { tool: 'zendesk_get_ticket', status: 'refused', code: 'INVALID_INPUT' },
  ]);
  expect(server.stderr).not.toContain(server.key.slice(3));
  expect(server.stderr).not.toContain('A'.repeat(43));

  const database = await openDatabase({ folder });
  stack.defer(() => database.close());
  const rows = await database.db.selectFrom('calls').select(['tenant', 'tool', 'status', 'wrote']).orderBy('started_at').execute();
  expect(rows).toEqual([
    { tenant: 'default', tool: 'zendesk_create_ticket', status: 'executed', wrote: 'yes' },
    { tenant: 'default', tool: 'zendesk_get_ticket', status: 'failed', wrote: 'no' },
  ]);
});
