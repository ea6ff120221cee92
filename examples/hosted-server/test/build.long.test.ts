import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postgresql } from '../../../packages/postgres/test/support/databases.ts';
import { noRedis } from '../../../packages/redis/test/servers.ts';
import { callTool, parseMessage, post } from './mcp-requests.ts';
import { dataFolder, endedWith, startProgram, temporaryFolder } from './server-process.ts';
import { startTraceCollector } from './process/trace-collector.ts';

const root = join(import.meta.dirname, '../../..');
const redisUrl = process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379';

describe('the server built by npm run build:server, in its own folder', () => {
  const stack = new AsyncDisposableStack();
  let folder: string;
  const start = async (env: Readonly<Record<string, string>>) => endedWith(stack, await startProgram(join(folder, 'server.mjs'), env));

  beforeAll(async () => {
    folder = await temporaryFolder(stack);
    await promisify(execFile)(process.execPath, [join(root, 'scripts/run.mjs'), 'build-server', '--dir', folder]);
  });
  afterAll(() => stack.disposeAsync());

  test('serves the demo on the embedded database, on the fast lane and through the SDK', async () => {
    const server = await start({ BUSBAR_DATA_DIR: await dataFolder(stack) });
    const requestInit = { headers: { authorization: `Bearer ${server.key}` } };
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new StreamableHTTPClientTransport(new URL(server.url), { requestInit }));
    const { tools } = await client.listTools();
    const connectors = new Set(tools.map(({ name }) => name.split('_')[0]));
    expect([...connectors]).toEqual(['zendesk', 'sendgrid', 'salesforce']);
    const made = await client.callTool({ name: 'zendesk_create_ticket', arguments: { subject: 'No ink', body: 'All colours.' } });
    expect(made.structuredContent).toMatchObject({ subject: 'No ink' });
    await client.close();
    const { status, body } = await post(server.url, requestInit.headers, { method: 'prompts/list' });
    expect(status).toBe(200);
    expect(parseMessage(body)).toMatchObject({ id: 1, error: { code: -32601 } });
  });

  test.runIf(postgresql && !noRedis)(
    'serves with workers, PostgreSQL, Redis and traces',
    async () => {
      const place = await postgresql?.place();
      if (!place || !('url' in place.options)) throw new Error('no PostgreSQL server');
      stack.defer(() => place.remove());
      const collector = await startTraceCollector(stack);
      const server = await start({
        NODE_ENV: 'production',
        DATABASE_URL: place.options.url,
        REDIS_URL: redisUrl,
        BUSBAR_WORKERS: '2',
        BUSBAR_SECRET: 'the same in both workers, and long enough',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        SENDGRID_API_KEY: 'SG.a-key-that-sends-nothing',
      });
      expect(await callTool(server, 'sendgrid_track_email_events', {})).toMatchObject({ isError: false });
      server.kill('SIGTERM');
      expect(await server.ended).toBe(0);
      expect(collector.spans).toMatchObject([{ name: 'tools/call sendgrid_track_email_events', resource: { 'service.name': 'busbar' } }]);
    },
    60_000,
  );

  test('leaves out code that only connector tests need, and loads sandboxes only for the demo', async () => {
    expect((await readdir(folder)).filter((name) => name.includes('o200k'))).toEqual([]);
    const program = await readFile(join(folder, 'server.mjs'), 'utf8');
    expect(program.match(/function start\w+Sandbox\(/g)).toBeNull();
  });
});

test('a bundler keeps the import that @busbar/core/mcp/http must make first', async () => {
  const entry = join(import.meta.dirname, 'entry.ts');
  const code = "import '@busbar/core/mcp/http';";
  const plugin = {
    name: 'entry',
    resolveId: (id: string) => (id === entry ? id : null),
    load: (id: string) => (id === entry ? code : null),
  };
  const bundle = await rolldown({ input: entry, platform: 'node', plugins: [plugin] });
  const { output } = await bundle.generate();
  await bundle.close();
  expect(output[0].code).toContain('executionAsyncResource()');
});
