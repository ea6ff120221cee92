import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { callTool } from '../mcp-requests.ts';
import { dataFolder, startServing } from '../server-process.ts';
import { zendeskEvent } from './zendesk-event.ts';

const signingSecret = 'the signing secret of a webhook';

test('with a signing secret the server prints the address for Zendesk’s events, the same after a restart, and a tool reads the events', async () => {
  await using stack = new AsyncDisposableStack();
  const env = {
    BUSBAR_DATA_DIR: await dataFolder(stack),
    ZENDESK_SUBDOMAIN: 'acme',
    ZENDESK_CLIENT_ID: 'busbar',
    ZENDESK_CLIENT_SECRET: 'hush-hush-hush',
    ZENDESK_WEBHOOK_SECRET: signingSecret,
  };
  const addressOf = (stdout: string) => /Webhook +(\S+)/.exec(stdout)?.[1] ?? '';
  const first = await startServing(stack, env);
  const address = addressOf(first.stdout);
  expect(new URL(address).pathname).toMatch(/^\/hooks\/[\w-]{43}$/);
  const body = JSON.stringify(zendeskEvent('event-1', new Date().toISOString()));
  const timestamp = new Date().toISOString();
  const deliver = (signature: string) =>
    fetch(address, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-zendesk-webhook-signature': signature,
        'x-zendesk-webhook-signature-timestamp': timestamp,
      },
    });
  expect((await deliver('AAAA')).status).toBe(403);
  expect(
    (
      await deliver(
        createHmac('sha256', signingSecret)
          .update(timestamp + body)
          .digest('base64'),
      )
    ).status,
  ).toBe(204);
  expect(await callTool(first, 'zendesk_list_events', {})).toMatchObject({ structuredContent: { events: [{ id: 'event-1' }] } });

  first.kill('SIGTERM');
  await first.ended;
  // Before the webhook exists at Zendesk, its secret is unknown, but Zendesk already needs its address.
  const second = await startServing(stack, { ...env, ZENDESK_WEBHOOK_SECRET: 'not known yet' });
  expect(new URL(addressOf(second.stdout)).pathname).toBe(new URL(address).pathname);
});
