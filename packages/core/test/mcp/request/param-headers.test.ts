import { expect, onTestFinished, test } from 'vitest';
import { createHost, type CatalogEntry, type Host } from '../../../src/index.ts';
import { httpTransport } from '../../../src/mcp/http.ts';
import { modernClient } from '../clients.ts';
import { probe } from '../probe.ts';
import { callOf, post } from '../raw.ts';

const string = (header: string) => ({ type: 'string', description: 'Text', 'x-mcp-header': header });
const inputSchema = {
  type: 'object',
  properties: {
    region: string('Region'),
    count: { type: 'integer', description: 'How many', 'x-mcp-header': 'Count' },
    place: { type: 'object', properties: { city: string('City') } },
    plain: { type: 'string', description: 'Text that stays in the body' },
  },
} as const;

/** Serves a host whose probe_route_region has arguments that clients also send in headers. */
async function serveMirrored(): Promise<URL> {
  const host = createHost({ connectors: [probe().connector] });
  const original = host.tools(await host.authenticate({ token: undefined, address: undefined }));
  const entries = original.map((entry): CatalogEntry => (entry.name === 'probe_route_region' ? { ...entry, inputSchema } : entry));
  const mirrored: Host = { ...host, tools: () => entries, tool: (_caller, name) => entries.find((entry) => entry.name === name) };
  const listener = await httpTransport({ port: 0 }).listen(mirrored);
  onTestFinished(async () => {
    await listener.close();
    await host.close();
  });
  return new URL(listener.url);
}

const base64 = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`;

test.each<[string, object, Record<string, string>]>([
  ['the same text', { region: 'eu' }, { 'mcp-param-region': 'eu' }],
  ['text in Base64', { region: 'Zürich' }, { 'mcp-param-region': base64('Zürich') }],
  ['text that only begins like Base64', { region: '=?base64?SGVs' }, { 'mcp-param-region': '=?base64?SGVs' }],
  ['a number in another notation', { count: 7 }, { 'mcp-param-count': '7.0' }],
  ['a nested property', { place: { city: 'Bern' } }, { 'mcp-param-city': 'Bern' }],
  ['a missing argument', {}, { 'mcp-param-region': 'eu' }],
  ['an argument that is not mirrored', { plain: 'a' }, { 'mcp-param-plain': 'b' }],
])('accepts %s', async (_what, args, headers) => {
  const { status, json } = await post(await serveMirrored(), callOf('probe_route_region', args), { headers });
  expect([status, json().error]).toEqual([200, undefined]);
});

test.each<[string, object, Record<string, string>]>([
  ['another text', { region: 'eu' }, { 'mcp-param-region': 'us' }],
  ['a missing header', { region: 'eu' }, {}],
  ['Base64 without its padding', { region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVsbG8?=' }],
  ['invalid Base64', { region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVs!!!bG8=?=' }],
  ['another number', { count: 7 }, { 'mcp-param-count': '0x7' }],
  ['a nested property that differs', { place: { city: 'Bern' } }, { 'mcp-param-city': 'Basel' }],
])('refuses %s', async (_what, args, headers) => {
  const { status, json } = await post(await serveMirrored(), callOf('probe_route_region', args), { headers });
  expect(status).toBe(400);
  expect(json()).toMatchObject({ id: 7, error: { code: -32020, message: expect.stringContaining('headers and body disagree') } });
});

test('the official client sends the headers by itself', async () => {
  const client = await modernClient(await serveMirrored());
  // The list says which arguments the client must mirror.
  await client.listTools();
  const result = await client.callTool({ name: 'probe_route_region', arguments: { region: 'Zürich' } });
  expect(result.structuredContent).toEqual({ text: 'Zürich' });
});
