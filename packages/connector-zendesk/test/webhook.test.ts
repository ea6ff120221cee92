import { createHmac } from 'node:crypto';
import { createHost, memoryConnections } from '@busbar/core';
import { cockatielResilience } from '@busbar/core/adapters/cockatiel';
import { gotHttpClient } from '@busbar/core/adapters/got';
import { httpTransport } from '@busbar/core/mcp/http';
import { manualClock } from '@busbar/core/testing';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { zendesk } from '../src/index.ts';
import { startAccount, type Account } from './start-account.ts';
import { readVendorData, vendorDataIsHere } from '../../../test/vendor-descriptions/vendor-data.ts';

// The secret that Zendesk documents for testing before a webhook exists.
const testSecret = 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==';
const event = { id: 'e1', type: 'zen:event-type:ticket.created', subject: 'zen:ticket:1' };

describe('the webhook', () => {
  let account: Account;

  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const stored = async () => (await account.call<{ events: object[] }>('zendesk_list_events', {})).events.length;
  /** Signs a body as the documentation requires, or with another secret, time or order. */
  const deliver = (body: string, { secret = testSecret, at = new Date().toISOString(), order = 'timestamp first' } = {}) => {
    const signed = order === 'timestamp first' ? at + body : body + at;
    const signature = createHmac('sha256', secret).update(signed).digest('base64');
    const headers = { 'X-Zendesk-Webhook-Signature': signature, 'X-Zendesk-Webhook-Signature-Timestamp': at };
    return account.deliver({ headers, body });
  };

  it('accepts an event that is signed with Zendesk’s test secret, timestamp before body', async () => {
    await deliver(JSON.stringify(event));
    expect(await stored()).toBe(1);
  });

  it.each([
    ['body before timestamp', { order: 'body first' }],
    ['another secret', { secret: 'guessed' }],
    ['a timestamp of six minutes ago', { at: new Date(Date.now() - 360_000).toISOString() }],
    ['a timestamp of six minutes ahead', { at: new Date(Date.now() + 360_000).toISOString() }],
  ])('refuses an event that is signed with %s', async (_, how) => {
    await expect(deliver(JSON.stringify(event), how)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await stored()).toBe(0);
  });

  it('refuses a body that was changed in transit', async () => {
    const { headers, body } = await account.sandbox.delivery(event);
    await expect(account.deliver({ headers, body: body.replace('ticket:1', 'ticket:2') })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('refuses every delivery if the connection has no secret', async () => {
    const without = await startAccount({ config: { webhookSecret: undefined } });
    onTestFinished(() => without.close());
    const delivery = await without.sandbox.delivery(event);
    await expect(without.deliver(delivery)).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('no key') });
  });

  it.each([
    ['the body that a trigger sends', { ticket_id: 1 }],
    ['a test of the webhook', {}],
    ['a body that is not a Zendesk event', { ...event, type: 'something' }],
    ['a list', [event]],
  ])('accepts %s and stores nothing', async (_, body) => {
    await deliver(JSON.stringify(body));
    expect(await stored()).toBe(0);
  });

  it('stores an event without an id once, however often it is delivered', async () => {
    for (let n = 0; n < 2; n += 1) await deliver(JSON.stringify({ ...event, id: undefined }));
    await deliver(JSON.stringify({ ...event, id: undefined, subject: 'zen:ticket:2' }));
    expect(await stored()).toBe(2);
  });

  it('loses a field of an unexpected type, but keeps the event', async () => {
    await deliver(JSON.stringify({ ...event, subject: 7, time: {}, detail: { id: [], actor_id: 5 } }));
    expect(await account.call('zendesk_list_events', {})).toEqual({
      events: [{ id: 'e1', type: 'ticket.created', about: 'ticket:', actorId: '5', change: '' }],
    });
  });

  it('reads the record of an event without a subject from its detail', async () => {
    await deliver(JSON.stringify({ id: 'e1', type: 'zen:event-type:user.created', detail: { id: 7 } }));
    expect(await account.call('zendesk_list_events', { userId: 7 })).toMatchObject({ events: [{ about: 'user:7', change: '' }] });
  });

  it('accepts over HTTP a delivery that the sandbox signs', async () => {
    const listener = await httpTransport({ port: 0 }).listen(account.host);
    onTestFinished(() => listener.close());
    const post = async (headers: Record<string, string>, body: string) =>
      (await fetch(new URL(`/hooks/${account.hook}`, listener.url), { method: 'POST', headers, body })).status;
    const { headers, body } = await account.sandbox.delivery(event);
    expect([await post({ ...headers }, `${body} `), await post({ ...headers }, body)]).toEqual([403, 204]);
    expect(await stored()).toBe(1);
  });

  it.skipIf(!vendorDataIsHere)(
    'refuses the test vector of the older documentation, which signs the body before the timestamp',
    async () => {
      const { signingSecret, headers, rawBody } = readVendorData<{
        signingSecret: string;
        headers: Record<string, string>;
        rawBody: string;
      }>('recorded/zendesk/webhook-signature-legacy-vector.json');
      const at = headers['X-Zendesk-Webhook-Signature-Timestamp'] ?? '';
      const sign = (text: string) => createHmac('sha256', signingSecret).update(text).digest('base64');
      expect(headers['X-Zendesk-Webhook-Signature']).toBe(sign(rawBody + at));
      // The host's clock is at the time of the vector, so that the vector is not refused for its age.
      const host = createHost({
        connectors: [zendesk],
        connections: memoryConnections([
          { connector: 'zendesk', hook: account.hook, config: { ...account.sandbox.config, webhookSecret: signingSecret } },
        ]),
        httpClient: gotHttpClient(),
        resilience: cockatielResilience(),
        clock: manualClock(Date.parse(at)),
      });
      onTestFinished(() => host.close());
      const hook = await host.hook(account.hook);
      const deliverVector = (signature: string) =>
        hook?.receive(new Headers({ ...headers, 'X-Zendesk-Webhook-Signature': signature }), new TextEncoder().encode(rawBody));
      await expect(deliverVector(sign(rawBody + at))).rejects.toMatchObject({
        code: 'FORBIDDEN',
        message: expect.stringContaining('the signature does not match the body'),
      });
      // With today's signature the same body passes the check.
      await deliverVector(sign(at + rawBody));
    },
  );
});
