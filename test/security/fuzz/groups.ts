import { createHmac } from 'node:crypto';
import { openSandbox, type ToolCall } from '../../../packages/core/src/testing/index.ts';
import { salesforce } from '../../../packages/connector-salesforce/src/index.ts';
import { startSalesforceSandbox } from '../../../packages/connector-salesforce/src/sandbox.ts';
import { makeEveryCall as everySalesforceCall } from '../../../packages/connector-salesforce/test/every-call.ts';
import { sendgrid } from '../../../packages/connector-sendgrid/src/index.ts';
import { startSendGridSandbox } from '../../../packages/connector-sendgrid/src/sandbox.ts';
import { makeEveryCall as everySendGridCall } from '../../../packages/connector-sendgrid/test/every-call.ts';
import { zendesk } from '../../../packages/connector-zendesk/src/index.ts';
import { startZendeskSandbox } from '../../../packages/connector-zendesk/src/sandbox.ts';
import { makeEveryCall as everyZendeskCall } from '../../../packages/connector-zendesk/test/every-call.ts';
import { parseMessage } from '../../../examples/hosted-server/test/mcp-requests.ts';
import { exampleOf } from './example.ts';
import type { FuzzRequest, Group } from './target.ts';
import { isObject, type Json, type Schema } from './json.ts';
import { seededRandom } from './random.ts';
import { asCaller, asOperator, hooks, zendeskSecret, type Victim } from './victim.ts';
import { zendeskEvent } from '../../../examples/hosted-server/test/vendors/zendesk-event.ts';

const maxBodyBytes = 2 ** 20;

/** Each tool, each route of the admin API, each hook with and without a signature, and whole messages. */
export async function groupsOf(victim: Victim): Promise<readonly Group[]> {
  return [...(await toolGroups(victim)), messageGroup, ...(await adminGroups(victim)), ...hookGroups(victim)];
}

const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const operator = { ...json, authorization: asOperator };
const call = (body: string): FuzzRequest => ({ method: 'POST', path: '/mcp', headers: { ...json, authorization: asCaller }, body });

async function toolGroups(victim: Victim): Promise<Group[]> {
  const listed = await victim.ask(call('{"jsonrpc":"2.0","id":1,"method":"tools/list"}'));
  const { tools } = (parseMessage(listed.body) as { result: { tools: { name: string; inputSchema: Schema }[] } }).result;
  const calls = Map.groupBy(await recordedCalls(), ({ tool }) => tool);
  return tools.map(({ name, inputSchema }): Group => {
    const random = seededRandom(name.length);
    const recorded = (calls.get(name) ?? []).map(({ args }) => JSON.parse(JSON.stringify(args)) as Json);
    return {
      name,
      seeds: [...recorded.slice(0, 20), ...Array.from({ length: 5 }, () => exampleOf(inputSchema, random))],
      schema: inputSchema,
      maxBytes: maxBodyBytes - 1_000,
      request(value, write, chooser) {
        // A progress token makes a request one for the SDK.
        const meta = chooser.chance(0.2) ? ',"_meta":{"progressToken":1}' : '';
        const params = `{"name":"${name}","arguments":${write(value)}${meta}}`;
        return call(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`);
      },
    };
  });
}

/** All kinds of valid calls of all tools. */
async function recordedCalls(): Promise<readonly ToolCall[]> {
  await using stack = new AsyncDisposableStack();
  const opened = async <S extends Parameters<typeof openSandbox>[1]>(connector: Parameters<typeof openSandbox>[0], sandbox: S) => {
    const made = await openSandbox<S>(connector, sandbox);
    stack.defer(() => made.close());
    return made;
  };
  const accounts = [
    await opened(zendesk, await startZendeskSandbox()),
    await opened(sendgrid, await startSendGridSandbox()),
    await opened(salesforce, await startSalesforceSandbox()),
  ] as const;
  const [ofZendesk, ofSendGrid, ofSalesforce] = accounts;
  await everyZendeskCall(ofZendesk.sandbox, ofZendesk.call);
  await everySendGridCall(ofSendGrid.sandbox, ofSendGrid.call);
  await everySalesforceCall(ofSalesforce.sandbox, ofSalesforce.call);
  return accounts.flatMap(({ calls }) => calls);
}

const messageGroup: Group = {
  name: 'message',
  seeds: [
    { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    { jsonrpc: '2.0', id: 'a', method: 'ping', params: { _meta: { progressToken: 1 } } },
    {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a', version: '1', title: 'b' } },
    },
    {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'zendesk_count_tickets', arguments: { text: 'a' }, _meta: { 'busbar/idempotencyKey': 'a', traceparent: 'b' } },
    },
    {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'zendesk_count_tickets', arguments: {}, inputResponses: { a: { action: 'accept', content: {} } }, requestState: 'a' },
    },
    { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, reason: 'a' } },
  ],
  maxBytes: maxBodyBytes - 1_000,
  request: (value, write) => call(write(value)),
};

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: Schema }[];
  readonly requestBody?: { readonly content?: { readonly 'application/json'?: { readonly schema?: Schema } } };
}

// They read all records, and only operators may use them.
const readers = ['get /admin/v1/audit', 'get /admin/v1/audit/verify', 'get /admin/v1/reconcile'];
// Node refuses longer heads.
const maxQuery = 15_000;

async function adminGroups(victim: Victim): Promise<Group[]> {
  const described = await victim.ask({ method: 'GET', path: '/admin/v1/openapi.json', headers: operator });
  const { paths } = JSON.parse(described.body) as { paths: Record<string, Record<string, Operation>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]): Group => {
      const parts = (place: string): Schema => ({
        type: 'object',
        properties: Object.fromEntries(parameters.filter((each) => each.in === place).map(({ name, schema = {} }) => [name, schema])),
      });
      const body = requestBody?.content?.['application/json']?.schema;
      const schema: Schema = {
        type: 'object',
        properties: { path: parts('path'), query: parts('query'), ...(body && { body }) },
        required: ['path', 'query', ...(body ? ['body'] : [])],
      };
      const random = seededRandom(path.length);
      return {
        name: `${method} ${path}`,
        seeds: Array.from({ length: 8 }, () => exampleOf(schema, random)),
        schema,
        maxBytes: 64 * 1024,
        readsEverything: readers.includes(`${method} ${path}`),
        request: (value, write) => ({
          method: method.toUpperCase(),
          path: addressOf(path, value),
          headers: operator,
          ...(body && { body: write((isObject(value) ? value['body'] : undefined) ?? null) }),
        }),
      };
    }),
  );
}

/** Fills a path and its query with the parts of a value. */
function addressOf(template: string, value: Json): string {
  const part = (name: string): { readonly [name: string]: Json } => {
    const found = isObject(value) ? value[name] : undefined;
    return isObject(found) ? found : {};
  };
  const textOf = (inner: Json | undefined): string => (typeof inner === 'string' ? inner : JSON.stringify(inner ?? null));
  const encode = (inner: Json | undefined): string => encodeURIComponent(textOf(inner).toWellFormed());
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encode(part('path')[name]).slice(0, 2_000) || '-');
  const query = Object.entries(part('query')).map(([name, inner]) => `${encode(name)}=${encode(inner)}`);
  const joined = query.join('&').slice(0, maxQuery);
  // The cut may be in the middle of an escape.
  return `${path}${joined === '' ? '' : `?${joined.replace(/%[\dA-F]?$/, '')}`}`;
}

const sendgridEvent = {
  email: 'ada@example.com',
  timestamp: 1_770_000_000,
  event: 'delivered',
  sg_event_id: 'a',
  sg_message_id: 'b',
  busbar_key: 'c',
};

function hookGroups(victim: Victim): Group[] {
  const group = (
    name: string,
    path: string,
    seeds: readonly Json[],
    sign: (body: string) => Promise<Readonly<Record<string, string>>>,
  ): Group => ({
    name,
    seeds,
    maxBytes: maxBodyBytes,
    request: async (value, write) => {
      const body = write(value);
      return { method: 'POST', path, headers: { 'content-type': 'application/json', ...(await sign(body)) }, body };
    },
  });
  const asZendesk = async (body: string) => {
    const timestamp = new Date().toISOString();
    const signature = createHmac('sha256', zendeskSecret)
      .update(timestamp + body)
      .digest('base64');
    return { 'x-zendesk-webhook-signature': signature, 'x-zendesk-webhook-signature-timestamp': timestamp };
  };
  const unsigned = async () => ({ 'x-zendesk-webhook-signature': 'AAAA', 'x-zendesk-webhook-signature-timestamp': '2026-03-01T00:00:00Z' });
  return [
    group('hook of zendesk, signed', hooks.zendesk, [zendeskEvent('event-1', '2026-03-01T00:00:00Z')], asZendesk),
    group('hook of zendesk, not signed', hooks.zendesk, [zendeskEvent('event-1', '2026-03-01T00:00:00Z')], unsigned),
    group('hook of sendgrid, signed', hooks.sendgrid, [[sendgridEvent], [sendgridEvent, sendgridEvent]], victim.signAsSendGrid),
    group('hook of sendgrid, not signed', hooks.sendgrid, [[sendgridEvent]], unsigned),
    group('no hook', '/hooks/none', [[sendgridEvent]], unsigned),
  ];
}
