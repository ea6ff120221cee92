import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSalesforceSandbox } from '@busbar/connector-salesforce/sandbox';
import { startSendGridSandbox } from '@busbar/connector-sendgrid/sandbox';
import { startZendeskSandbox } from '@busbar/connector-zendesk/sandbox';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';
import type { Injector } from '../src/injector.ts';
import { startServer } from '../src/server.ts';
import { tokens } from '../src/tokens.ts';
import { vendors } from '../src/vendors.ts';
import { callTool, parseMessage, post, type Called } from './mcp-requests.ts';
import { dataFolder } from './server-process.ts';

let stack = new AsyncDisposableStack();
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

/** A server of this process with these settings, and a way to make keys. */
async function serve(env: Record<string, string>) {
  const config = readConfig({ PORT: '0', LOG_LEVEL: 'silent', BUSBAR_DATA_DIR: await dataFolder(stack), ...env });
  let injector: Injector | undefined;
  const server = await startServer(config, { override: (made) => void (injector = made) });
  stack.defer(() => server.close());
  const keyFor = async (tenant: string) => (await injector?.get(tokens.apiKeys).create({ tenant, name: 'test', roles: [] }))?.key ?? '';
  return { ...server, key: server.newKey ?? '', keyFor };
}

/** The connectors whose tools a caller sees, as the names of the tools begin. */
async function listConnectors({ url, key }: Called): Promise<string[]> {
  const found = new Set<string>();
  let cursor: string | undefined;
  do {
    const message = { method: 'tools/list', params: cursor === undefined ? {} : { cursor } };
    const { body } = await post(url, { authorization: `Bearer ${key}` }, message);
    const { result } = parseMessage(body) as { result: { tools: { name: string }[]; nextCursor?: string } };
    for (const { name } of result.tools) found.add(name.replace(/_.*/, ''));
    cursor = result.nextCursor;
  } while (cursor !== undefined);
  return [...found].sort();
}

async function fileOf(content: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'busbar-connections-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'connections.json');
  await writeFile(path, JSON.stringify(content));
  return path;
}

const remap = (...sandboxes: { readonly remapOrigins: Readonly<Record<string, string>> }[]) =>
  sandboxes
    .flatMap(({ remapOrigins }) => Object.entries(remapOrigins))
    .map((pair) => pair.join('='))
    .join(',');

const startOrg = async (myDomain: string, orgName: string) => {
  const org = await startSalesforceSandbox({ myDomain, orgName, clientSecret: `hush-${myDomain}` });
  stack.defer(() => org.close());
  return org;
};

test('demo mode serves a sandbox of every vendor, and prints no webhook address', async () => {
  const server = await serve({});
  expect(await listConnectors(server)).toEqual(vendors.map(({ connector }) => connector.id).sort());
  expect(server.webhooks).toEqual([]);
  expect(await callTool(server, 'zendesk_search_tickets', {})).toMatchObject({ isError: false });
  expect(await callTool(server, 'sendgrid_list_templates', {})).toMatchObject({ isError: false });
  expect(await callTool(server, 'salesforce_get_org', {})).toMatchObject({ isError: false });
});

test('two vendors of the settings are served together and no other, each with its webhook address', async () => {
  const zendesk = await startZendeskSandbox({ subdomain: 'acme', clientSecret: 'hush-hush-hush' });
  stack.defer(() => zendesk.close());
  const sendgrid = await startSendGridSandbox({ apiKey: 'SG.hush-hush' });
  stack.defer(() => sendgrid.close());
  const server = await serve({
    ZENDESK_SUBDOMAIN: 'acme',
    ZENDESK_CLIENT_ID: zendesk.config.clientId,
    ZENDESK_CLIENT_SECRET: zendesk.config.clientSecret,
    ZENDESK_WEBHOOK_SECRET: zendesk.config.webhookSecret,
    SENDGRID_API_KEY: sendgrid.config.apiKey,
    SENDGRID_FROM: sendgrid.config.from,
    SENDGRID_WEBHOOK_KEY: sendgrid.config.webhookKey,
    BUSBAR_CONNECTIONS: await fileOf([{ connector: 'sendgrid', name: 'default', tenant: 'other', config: sendgrid.config }]),
    BUSBAR_REMAP_ORIGINS: remap(zendesk, sendgrid),
  });
  expect(await listConnectors(server)).toEqual(['sendgrid', 'zendesk']);
  const ticket = { subject: 'No ink', body: 'All colours.' };
  expect(await callTool(server, 'zendesk_create_ticket', ticket)).toMatchObject({ isError: false });
  expect([...zendesk.tickets.values()].at(-1)).toMatchObject({ subject: 'No ink' });
  const mail = { to: ['ann@example.com'], subject: 'Ink', text: 'It is on its way.' };
  expect(await callTool(server, 'sendgrid_send_email', mail)).toMatchObject({ isError: false });
  expect(sendgrid.mails).toHaveLength(1);

  const hookOf = (connection: string) => server.webhooks.find((hook) => hook.connection === connection)?.url ?? '';
  expect(new Set(server.webhooks.map(({ url }) => url)).size).toBe(3);
  const { headers, body } = await sendgrid.deliver(sendgrid.mails.flatMap((kept) => sendgrid.eventsOf(kept)));
  const deliver = async (url: string) => (await fetch(url, { method: 'POST', headers, body })).status;
  expect(await deliver(hookOf('default / zendesk / acme'))).toBe(403);
  expect(await deliver(hookOf('default / sendgrid / default'))).toBe(204);
});

test('two orgs of a connections file are told apart by “connection”, and another tenant has its own', async () => {
  const [emea, apac, other] = [
    await startOrg('emea', 'Org EMEA'),
    await startOrg('apac', 'Org APAC'),
    await startOrg('other', 'Org Other'),
  ];
  const server = await serve({
    BUSBAR_CONNECTIONS: await fileOf([
      { connector: 'salesforce', name: 'apac', config: apac.config },
      { connector: 'salesforce', name: 'main', tenant: 'other', config: other.config },
    ]),
    SALESFORCE_MY_DOMAIN: 'emea',
    SALESFORCE_CLIENT_ID: emea.config.clientId,
    SALESFORCE_CLIENT_SECRET: emea.config.clientSecret,
    BUSBAR_REMAP_ORIGINS: remap(emea, apac, other),
  });
  const org = async (key: string, args: object) => (await callTool({ url: server.url, key }, 'salesforce_get_org', args)).text;
  expect(await org(server.key, { connection: 'emea' })).toContain('Org EMEA');
  expect(await org(server.key, { connection: 'apac' })).toContain('Org APAC');
  expect(await org(server.key, {})).toMatch(/CONNECTION_NOT_FOUND.*("apac", "emea"|"emea", "apac")/);
  const key = await server.keyFor('other');
  expect(await org(key, {})).toContain('Org Other');
  expect(await org(key, { connection: 'apac' })).toContain('CONNECTION_NOT_FOUND');
  expect(await listConnectors(server)).toEqual(['salesforce']);
});
