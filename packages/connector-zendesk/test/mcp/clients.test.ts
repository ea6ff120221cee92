import { Client as ModernClient, StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as OldStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as OldHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { httpTransport } from '@busbar/core/mcp/http';
import { openSandbox } from '@busbar/core/testing';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { zendesk } from '../../src/index.ts';
import { startZendeskSandbox, type ZendeskSandbox } from '../../src/sandbox.ts';

const info = { name: 'test', version: '1.0.0' };
const stdioServer = fileURLToPath(new URL('./stdio-server.ts', import.meta.url));

type Over = 'HTTP' | 'stdio';

/** Starts a sandbox and a server for it. Returns the sandbox and the way that a client reaches the server. */
async function start(
  over: Over,
): Promise<{ sandbox: ZendeskSandbox; server: URL | { command: string; args: string[]; env: Record<string, string> } }> {
  const sandbox = await startZendeskSandbox();
  onTestFinished(() => sandbox.close());
  if (over === 'stdio') {
    const args = [stdioServer, JSON.stringify(sandbox.config), JSON.stringify(sandbox.remapOrigins)];
    // A client passes on little of its own environment to a server.
    return { sandbox, server: { command: process.execPath, args, env: { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '' } } };
  }
  const { host } = await openSandbox(zendesk, sandbox);
  const listener = await httpTransport({ port: 0 }).listen(host);
  onTestFinished(async () => {
    sandbox.recover();
    await listener.close();
    await host.close(0);
  });
  return { sandbox, server: new URL(listener.url) };
}

async function modern(over: Over) {
  const { sandbox, server } = await start(over);
  const client = new ModernClient(info, { versionNegotiation: { mode: 'auto' } });
  await client.connect(server instanceof URL ? new ModernHttp(server) : new ModernStdio(server));
  onTestFinished(() => client.close());
  return { sandbox, client };
}

async function old(over: Over) {
  const { sandbox, server } = await start(over);
  const client = new OldClient(info);
  await client.connect(server instanceof URL ? new OldHttp(server) : new OldStdio(server));
  onTestFinished(() => client.close());
  return { sandbox, client };
}

const subject = 'The printer is on fire';
const newTicket = {
  name: 'zendesk_create_ticket',
  arguments: { subject, body: 'It burns with a blue flame.', requesterEmail: 'ada@example.com' },
};

/** The tickets that the clients created. */
const made = ({ tickets }: ZendeskSandbox) => [...tickets.values()].filter((ticket) => ticket.subject === subject);

describe.each([
  ['2.x', 'HTTP', modern],
  ['2.x', 'stdio', modern],
  ['1.x', 'HTTP', old],
  ['1.x', 'stdio', old],
] as const)('the official client %s over %s', (_, over, connect) => {
  test('lists the tools, and creates, reads, comments and finds a ticket', async () => {
    const { client, sandbox } = await connect(over);
    // The two clients' types differ in the other kinds of result; both have these fields.
    const call = async (name: string, args: object) => {
      const { isError, structuredContent, content } = (await client.callTool({ name, arguments: { ...args } })) as {
        isError?: boolean;
        structuredContent?: unknown;
        content: unknown;
      };
      expect(isError, JSON.stringify(content)).toBeFalsy();
      return structuredContent as Record<string, unknown>;
    };

    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual([
      'zendesk_add_comment',
      'zendesk_apply_tags',
      'zendesk_count_tickets',
      'zendesk_create_or_update_user',
      'zendesk_create_ticket',
      'zendesk_get_job_status',
      'zendesk_get_organization',
      'zendesk_get_ticket',
      'zendesk_get_user',
      'zendesk_list_comments',
      'zendesk_list_events',
      'zendesk_list_ticket_fields',
      'zendesk_search_tickets',
      'zendesk_update_ticket',
    ]);

    const { id } = await call(newTicket.name, newTicket.arguments);
    expect(made(sandbox)).toHaveLength(1);
    expect(await call('zendesk_get_ticket', { ticketId: id })).toMatchObject({
      ticket: { id, subject, requester: { email: 'ada@example.com' } },
    });
    await call('zendesk_add_comment', { ticketId: id, body: 'Fire brigade is on its way.' });
    expect(await call('zendesk_get_ticket', { ticketId: id, includeComments: true })).toMatchObject({
      comments: [
        { body: 'Fire brigade is on its way.', public: false },
        { body: 'It burns with a blue flame.', public: true },
      ],
    });
    expect(await call('zendesk_search_tickets', { text: 'printer fire', requester: 'ada@example.com' })).toMatchObject({
      tickets: [{ id, subject }],
    });
  });
});

describe.each(['HTTP', 'stdio'] as const)('over %s', (over) => {
  test('a call that is aborted closes the socket to Zendesk', async () => {
    const { client, sandbox } = await modern(over);
    sandbox.misbehave({ kind: 'hang', match: 'GET /api/v2/tickets/{id}' });
    const abort = new AbortController();
    const call = client.callTool({ name: 'zendesk_get_ticket', arguments: { ticketId: 1 } }, { signal: abort.signal });
    const hanging = await sandbox.received('GET /api/v2/tickets/{id}');
    abort.abort();
    await expect(call).rejects.toThrow(/abort/i);
    expect(await hanging.ended).toBe('closed');
    // Without the abort the call's own limit would close it, after 30 seconds.
  }, 25_000);

  test('a client that repeats a call with its own idempotency key makes one ticket', async () => {
    const { client, sandbox } = await modern(over);
    const keyed = { ...newTicket, _meta: { 'busbar/idempotencyKey': 'fire-1' } };
    const first = await client.callTool(keyed);
    const again = await client.callTool(keyed);
    expect(first.isError).toBeFalsy();
    expect(again.structuredContent).toEqual(first.structuredContent);
    expect(made(sandbox)).toHaveLength(1);
  });

  test('a ticket whose creation is never answered is created once', async () => {
    const { client, sandbox } = await modern(over);
    sandbox.misbehave({ kind: 'lose', match: 'POST /api/v2/tickets' });
    expect((await client.callTool(newTicket)).isError).toBeFalsy();
    expect(sandbox.requests.filter(({ route }) => route === 'POST /api/v2/tickets')).toHaveLength(2);
    expect(made(sandbox)).toHaveLength(1);
  });
});
