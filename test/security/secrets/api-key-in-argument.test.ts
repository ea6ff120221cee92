import { expect, test } from 'vitest';
import { callTool } from '../../../examples/hosted-server/test/mcp-requests.ts';
import { dataFolder, startServing } from '../../../examples/hosted-server/test/server-process.ts';

test('an API key that a model puts into an argument is in no answer, no log line and no audit entry', async () => {
  await using stack = new AsyncDisposableStack();
  const server = await startServing(stack, { BUSBAR_DATA_DIR: await dataFolder(stack), LOG_LEVEL: 'debug' });
  const { key } = server;
  const created = await callTool(server, 'zendesk_create_ticket', { subject: `Key ${key}`, body: `It is ${key}.`, tags: [key] });
  expect(created).toMatchObject({ isError: false });
  const refused = await callTool(server, 'zendesk_get_ticket', { ticketId: key });
  const found = await callTool(server, 'zendesk_search_tickets', { text: key });

  const audit = await fetch(new URL('/admin/v1/audit', server.url), { headers: { authorization: `Bearer ${key}` } });
  const entries = await audit.text();
  expect(entries).toContain('zendesk_create_ticket');
  expect(entries).toContain('It is [redacted].');
  for (const text of [entries, server.stderr, JSON.stringify([created, found])]) expect(text).not.toContain(key.slice(3));
  expect(refused).toMatchObject({ isError: true });
});
