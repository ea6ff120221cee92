import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSalesforceSandbox, type SalesforceSandbox } from '@busbar/connector-salesforce/sandbox';
import { startSendGridSandbox } from '@busbar/connector-sendgrid/sandbox';
import { startZendeskSandbox } from '@busbar/connector-zendesk/sandbox';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/settings/config.ts';
import type { Injector } from '../../src/injector.ts';
import { startServer } from '../../src/server.ts';
import { tokens } from '../../src/tokens.ts';
import { vendors } from '../../src/vendors/vendors.ts';
import type { Called } from '../mcp-requests.ts';
import { dataFolder } from '../server-process.ts';

/** Starts a server in this process with these settings, and returns it with a function that creates keys. */
async function serve(stack: AsyncDisposableStack, env: Record<string, string>) {
  const config = readConfig({ PORT: '0', LOG_LEVEL: 'silent', BUSBAR_DATA_DIR: await dataFolder(stack), ...env });
  let injector: Injector | undefined;
  const server = await startServer(config, { override: (made) => void (injector = made) });
  stack.defer(() => server.close());
  const keyFor = async (tenant: string) => (await injector?.get(tokens.apiKeys).create({ tenant, name: 'test', roles: [] }))?.key ?? '';
  return { ...server, key: server.newKey ?? '', keyFor };
}

/** Connects the official client with this key. */
async function connect(stack: AsyncDisposableStack, { url, key }: Called) {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization: `Bearer ${key}` } } }));
  stack.defer(() => client.close());
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const { isError = false, structuredContent, content } = await client.callTool({ name, arguments: args });
    return { isError, structuredContent, text: content.map((part) => ('text' in part ? part.text : '')).join('\n') };
  };
  /** Lists the connectors whose tools the client sees, by the prefixes of the tool names. */
  const listConnectors = async (): Promise<string[]> => {
    const found = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await client.listTools(cursor === undefined ? {} : { cursor });
      for (const { name } of page.tools) found.add(name.replace(/_.*/, ''));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return [...found].sort();
  };
  return { call, listConnectors };
}

async function fileOf(stack: AsyncDisposableStack, content: unknown): Promise<string> {
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

const accountNames = { soql: 'SELECT Name FROM Account' };

test('demo mode serves a sandbox of every vendor, including two Salesforce orgs, and prints no webhook address', async () => {
  await using stack = new AsyncDisposableStack();
  const server = await serve(stack, {});
  expect(server.webhooks).toEqual([]);
  const { call, listConnectors } = await connect(stack, server);
  expect(await listConnectors()).toEqual(vendors.map(({ connector }) => connector.id).sort());
  expect(await call('zendesk_search_tickets')).toMatchObject({ isError: false });
  expect(await call('sendgrid_list_templates')).toMatchObject({ isError: false });

  expect((await call('salesforce_get_org', { connection: 'emea' })).text).toContain('Example EMEA');
  expect((await call('salesforce_get_org', { connection: 'apac' })).text).toContain('Example APAC');
  expect((await call('salesforce_get_org')).text).toMatch(/CONNECTION_NOT_FOUND.*"apac".*"emea"|CONNECTION_NOT_FOUND.*"emea".*"apac"/);
  const made = { object: 'Account', fields: { Name: 'Newcomer' } };
  expect(await call('salesforce_create_record', { connection: 'apac', ...made })).toMatchObject({ isError: false });
  const namesIn = async (connection: string) => (await call('salesforce_query_records', { connection, ...accountNames })).text;
  expect(await namesIn('apac')).toMatch(/Example Bakery Pacific[^]*Newcomer/);
  expect(await namesIn('emea')).toMatch(/^(?![^]*(?:Pacific|Newcomer))[^]*Example Bakery/);
  const limitsOf = async (connection: string) => (await call('salesforce_org_health_check', { connection, categories: ['limits'] })).text;
  expect(await limitsOf('apac')).toContain('DataStorageMB');
  expect(await limitsOf('emea')).toMatch(/^(?![^]*DataStorageMB)[^]*org_limits/);
});

test('only the two vendors in the settings are served, each with its webhook address', async () => {
  await using stack = new AsyncDisposableStack();
  const zendesk = await startZendeskSandbox({ subdomain: 'acme', clientSecret: 'hush-hush-hush' });
  stack.defer(() => zendesk.close());
  const sendgrid = await startSendGridSandbox({ apiKey: 'SG.hush-hush' });
  stack.defer(() => sendgrid.close());
  const server = await serve(stack, {
    ZENDESK_SUBDOMAIN: 'acme',
    ZENDESK_CLIENT_ID: zendesk.config.clientId,
    ZENDESK_CLIENT_SECRET: zendesk.config.clientSecret,
    ZENDESK_WEBHOOK_SECRET: zendesk.config.webhookSecret,
    SENDGRID_API_KEY: sendgrid.config.apiKey,
    SENDGRID_FROM: sendgrid.config.from,
    SENDGRID_WEBHOOK_KEY: sendgrid.config.webhookKey,
    BUSBAR_CONNECTIONS: await fileOf(stack, [{ connector: 'sendgrid', name: 'default', tenant: 'other', config: sendgrid.config }]),
    BUSBAR_REMAP_ORIGINS: remap(zendesk, sendgrid),
  });
  const { call, listConnectors } = await connect(stack, server);
  expect(await listConnectors()).toEqual(['sendgrid', 'zendesk']);
  const ticket = { subject: 'No ink', body: 'All colours.' };
  expect(await call('zendesk_create_ticket', ticket)).toMatchObject({ isError: false });
  expect([...zendesk.tickets.values()].at(-1)).toMatchObject({ subject: 'No ink' });
  const mail = { to: ['ann@example.com'], subject: 'Ink', text: 'It is on its way.' };
  expect(await call('sendgrid_send_email', mail)).toMatchObject({ isError: false });
  expect(sendgrid.mails).toHaveLength(1);

  const hookOf = (connection: string) => server.webhooks.find((hook) => hook.connection === connection)?.url ?? '';
  expect(new Set(server.webhooks.map(({ url }) => url)).size).toBe(3);
  const { headers, body } = await sendgrid.deliver(sendgrid.mails.flatMap((kept) => sendgrid.eventsOf(kept)));
  const deliver = async (url: string) => (await fetch(url, { method: 'POST', headers, body })).status;
  expect(await deliver(hookOf('default / zendesk / acme'))).toBe(403);
  expect(await deliver(hookOf('default / sendgrid / default'))).toBe(204);
});

describe('three vendors, and two Salesforce orgs of one tenant', () => {
  const stack = new AsyncDisposableStack();
  let a: SalesforceSandbox;
  let b: SalesforceSandbox;
  let server: Awaited<ReturnType<typeof serve>>;
  let call: Awaited<ReturnType<typeof connect>>['call'];
  let listConnectors: Awaited<ReturnType<typeof connect>>['listConnectors'];

  // The tenant `default` has a Zendesk account, a SendGrid account and two orgs, one of them without Revenue Cloud. The tenant `other` has
  // only a Zendesk account.
  beforeAll(async () => {
    const kept = <S extends { close(): Promise<void> }>(sandbox: S): S => stack.adopt(sandbox, (opened) => opened.close());
    const orgOf = (myDomain: string) => ({ myDomain, orgName: `Org of ${myDomain}`, clientSecret: `hush-${myDomain}` });
    a = kept(await startSalesforceSandbox(orgOf('acme-a')));
    b = kept(await startSalesforceSandbox({ ...orgOf('acme-b'), revenueCloud: false }));
    const zendesk = kept(await startZendeskSandbox({ subdomain: 'acme', clientSecret: 'hush-acme' }));
    const sendgrid = kept(await startSendGridSandbox({ apiKey: 'SG.hush-hush' }));
    server = await serve(stack, {
      BUSBAR_CONNECTIONS: await fileOf(stack, [
        { connector: 'zendesk', name: 'acme', config: zendesk.config },
        { connector: 'zendesk', name: 'acme', tenant: 'other', config: zendesk.config },
        { connector: 'sendgrid', name: 'default', config: sendgrid.config },
        { connector: 'salesforce', name: 'org-a', config: a.config },
        { connector: 'salesforce', name: 'org-b', config: b.config },
      ]),
      BUSBAR_REMAP_ORIGINS: remap(a, b, zendesk, sendgrid),
    });
    ({ call, listConnectors } = await connect(stack, server));
  });
  afterAll(() => stack.disposeAsync());

  const made = (Name: string) => ({ object: 'Account', fields: { Name } });
  const namesOf = (org: SalesforceSandbox) => org.records('Account').map(({ Name }) => String(Name));

  test('are served together, and concurrent calls each reach only the org that they name', async () => {
    expect(await listConnectors()).toEqual(['salesforce', 'sendgrid', 'zendesk']);
    const rounds = Array.from({ length: 10 }, (_, round) => round);
    const calls = rounds.flatMap((round) =>
      ['org-a', 'org-b'].flatMap((connection) => [
        call('salesforce_create_record', { connection, ...made(`Made ${round} in ${connection}`) }),
        call('salesforce_query_records', { connection, soql: `SELECT Name FROM Organization LIMIT ${round + 1}` }),
      ]),
    );
    const others = [call('zendesk_search_tickets'), call('sendgrid_list_templates')];
    expect((await Promise.all([...calls, ...others])).filter(({ isError }) => isError)).toEqual([]);
    const madeIn = (org: SalesforceSandbox) =>
      namesOf(org)
        .filter((name) => name.startsWith('Made '))
        .toSorted()
        .join();
    const answers = (await Promise.all(calls)).map(({ structuredContent }) => JSON.stringify(structuredContent));
    expect(answers.filter((_, index) => index % 4 === 1).every((text) => text.includes('Org of acme-a'))).toBe(true);
    expect(answers.filter((_, index) => index % 4 === 3).every((text) => text.includes('Org of acme-b'))).toBe(true);
    expect(madeIn(a)).toEqual(rounds.map((round) => `Made ${round} in org-a`).join());
    expect(madeIn(b)).toEqual(rounds.map((round) => `Made ${round} in org-b`).join());

    const tokens = ({ requests }: SalesforceSandbox) => new Set(requests.flatMap(({ headers }) => headers['authorization'] ?? []));
    expect([tokens(a).size, tokens(b).size]).toEqual([1, 1]);
    expect(tokens(a)).not.toEqual(tokens(b));
    expect(JSON.stringify(b.requests)).not.toContain('hush-acme-a');
    expect(JSON.stringify(a.requests)).not.toContain('hush-acme-b');
  });

  test('do not share cached answers between orgs', async () => {
    const describeIn = (connection: string) => call('salesforce_describe_object', { connection, object: 'ProductRelatedComponent' });
    expect(await describeIn('org-a')).toMatchObject({ isError: false });
    expect((await describeIn('org-b')).text).toContain('NOT_FOUND');
    expect(await describeIn('org-a')).toMatchObject({ isError: false });
  });

  test('refuse a write that names no org or an unknown org, list the names, and write nothing', async () => {
    const before = [namesOf(a), namesOf(b)];
    for (const named of [{}, { connection: 'acme' }]) {
      const { isError, text } = await call('salesforce_create_record', { ...named, ...made('Unowned') });
      expect(isError).toBe(true);
      expect(text).toMatch(/CONNECTION_NOT_FOUND.*("org-a", "org-b"|"org-b", "org-a")/);
    }
    expect([namesOf(a), namesOf(b)]).toEqual(before);
  });

  test('show neither org to another tenant, nor its name', async () => {
    const { call: callAsOther } = await connect(stack, { url: server.url, key: await server.keyFor('other') });
    expect(await callAsOther('zendesk_search_tickets')).toMatchObject({ isError: false });
    for (const named of [{}, { connection: 'org-a' }, { connection: 'org-b' }]) {
      const { isError, text } = await callAsOther('salesforce_create_record', { ...named, ...made('Stolen') });
      expect(isError).toBe(true);
      expect(text).toContain('CONNECTION_NOT_FOUND');
      expect(text).not.toContain('org-');
    }
    expect([...namesOf(a), ...namesOf(b)]).not.toContain('Stolen');
  });
});
