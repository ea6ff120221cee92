import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/** Creates a ticket. Call it again with the same order, as often as you like: there will be one ticket. */
export async function createTicketOnce(url: string, key: string, order: string): Promise<unknown> {
  const client = new Client({ name: 'my-app', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization: `Bearer ${key}` } } }));
  const answer = await client.callTool({
    name: 'zendesk_create_ticket',
    arguments: { subject: `Order ${order} is late`, body: 'Please look into it.' },
    _meta: { 'busbar/idempotencyKey': `late-${order}` },
  });
  await client.close();
  return answer.structuredContent;
}
