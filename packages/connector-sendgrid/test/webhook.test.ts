import { createSign, generateKeyPairSync } from 'node:crypto';
import { httpTransport } from '@busbar/core/mcp/http';
import { manualClock } from '@busbar/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from './start-account.ts';
import { readVendorData, vendorDataIsHere } from '../../../test/vendor-descriptions/vendor-data.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const now = Date.UTC(2026, 5, 1, 12);
const signatureHeader = 'x-twilio-email-event-webhook-signature';
const timestampHeader = 'x-twilio-email-event-webhook-timestamp';

let account: Account;
afterEach(() => account.close());

const deliver = async (headers: Headers | Readonly<Record<string, string>>, body: Uint8Array) =>
  await (await account.host.hook(account.hook))?.receive(new Headers(headers), body);
const events = () => account.call<{ events: Record<string, unknown>[] }>('sendgrid_track_email_events', {});

describe.skipIf(!vendorDataIsHere)('the delivery that SendGrid recorded', () => {
  const recorded = () =>
    readVendorData<{ publicKey: string; headers: Record<string, string>; rawBody: string }>('recorded/sendgrid/webhook-signed-single.json');
  const at = () => Number(recorded().headers['X-Twilio-Email-Event-Webhook-Timestamp']) * 1_000;
  const open = async (clockMs: number) => {
    account = await startAccount({ clock: manualClock(clockMs), config: { webhookKey: recorded().publicKey } });
  };

  it('is accepted at its time, and read', async () => {
    await open(at());
    await deliver(recorded().headers, bytes(recorded().rawBody));
    expect(await events()).toEqual({
      events: [
        {
          event: 'dropped',
          at: '2020-09-14T19:41:32.000Z',
          email: 'hello@world.com',
          messageId: 'LRzXl_NHStOGhQ4kofSm_A',
          reason: 'Bounced Address',
        },
      ],
    });
  });

  it('is refused an hour later', async () => {
    await open(at() + 3_600_000);
    await expect(deliver(recorded().headers, bytes(recorded().rawBody))).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('more than five minutes'),
    });
    expect((await events()).events).toEqual([]);
  });

  it('is refused with any byte changed, its line end cut, or another time', async () => {
    await open(at());
    const raw = bytes(recorded().rawBody);
    for (const index of raw.keys()) {
      const changed = raw.slice();
      changed[index] = (changed[index] ?? 0) ^ 1;
      await expect(deliver(recorded().headers, changed)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    await expect(deliver(recorded().headers, raw.subarray(0, -2))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const headers = new Headers(recorded().headers);
    headers.set(timestampHeader, String(at() / 1_000 + 1));
    await expect(deliver(headers, raw)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await events()).events).toEqual([]);
  });
});

describe('a delivery of the Event Webhook', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const webhookKey = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const signed = (body: string, atMs = now): [Record<string, string>, Uint8Array] => {
    const timestamp = String(atMs / 1_000);
    const signature = createSign('sha256').update(timestamp).update(body).sign(privateKey, 'base64');
    return [{ [signatureHeader]: signature, [timestampHeader]: timestamp }, bytes(body)];
  };
  const open = async (config: object = {}) => {
    account = await startAccount({ clock: manualClock(now), config: { webhookKey, ...config } });
  };
  const event = (id: string, more: object = {}) => ({
    sg_event_id: id,
    event: 'open',
    email: 'a@example.org',
    timestamp: now / 1_000,
    ...more,
  });

  it('signed with a test key is accepted and read completely', async () => {
    await open();
    const body = [
      event('1', { event: 'click', url: 'https://example.org', category: 'news', sg_message_id: 'm1.recvd-1', ip: '198.51.100.1' }),
      event('2', { sg_machine_open: true, category: ['a', 'b'] }),
      event('3', { event: 'bounce', type: 'blocked', reason: '452 full', status: '4.2.2' }),
      event('4', { event: 'deferred', response: '400 try again later', attempt: 5 }),
      { sg_event_id: '5', event: 'account_status_change', timestamp: now / 1_000, type: 'compliance_suspend' },
    ];
    // SendGrid puts each event on its own line, and signs the line breaks.
    await deliver(...signed(`[${body.map((entry) => JSON.stringify(entry)).join(',\r\n')}]\r\n`));
    const common = { at: '2026-06-01T12:00:00.000Z', email: 'a@example.org' };
    expect((await events()).events).toEqual([
      { ...common, event: 'click', messageId: 'm1', url: 'https://example.org', categories: ['news'] },
      { ...common, event: 'open', machineOpen: true, categories: ['a', 'b'] },
      { ...common, event: 'bounce', type: 'blocked', reason: '452 full', status: '4.2.2' },
      { ...common, event: 'deferred', response: '400 try again later', attempt: '5' },
      { at: common.at, event: 'account_status_change', type: 'compliance_suspend' },
    ]);
  });

  it('that repeats itself or an event changes nothing', async () => {
    await open();
    await deliver(...signed(JSON.stringify([event('1')])));
    await deliver(...signed(JSON.stringify([event('1')])));
    await deliver(...signed(JSON.stringify([event('1', { event: 'click' }), event('2')])));
    expect((await events()).events.map((entry) => entry['event'])).toEqual(['open', 'open']);
  });

  it('is refused if the connection has no key or another key', async () => {
    await open({ webhookKey: undefined });
    await expect(deliver(...signed('[]'))).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('no key') });
    await account.close();
    await open({ webhookKey: account.sandbox.config.webhookKey });
    await expect(deliver(...signed('[]'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it.each([['{}'], ['not json']])('whose body is %s is refused', async (body) => {
    await open();
    await expect(deliver(...signed(body))).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('with events that cannot be read is accepted, and its other events are stored', async () => {
    await open();
    const odd = [null, 7, [], {}, { event: 'open' }, { sg_event_id: 'x', email: 'a@example.org' }, event('y', { timestamp: 1e300 })];
    await deliver(...signed(JSON.stringify([odd, event('1'), ...odd, event('2', { event: 'click', timestamp: String(now / 1_000) })])));
    expect((await events()).events.map((entry) => entry['event'])).toEqual(['open', 'click']);
  });

  it('with events without an id stores each of them once', async () => {
    await open();
    const unsubscribe = { email: 'a@example.org', timestamp: now / 1_000, event: 'unsubscribe' };
    const body = JSON.stringify([event('1', { event: 'delivered' }), unsubscribe, { ...unsubscribe, email: 'b@example.org' }]);
    for (let n = 0; n < 2; n += 1) await deliver(...signed(body));
    expect((await events()).events.map(({ event: name, email }) => [name, email])).toEqual([
      ['delivered', 'a@example.org'],
      ['unsubscribe', 'a@example.org'],
      ['unsubscribe', 'b@example.org'],
    ]);
  });

  it('with a bounce whose ids are empty shows the bounce without a message, and leaves the ids out', async () => {
    await open();
    const bounce = { event: 'bounce', type: 'bounce', status: '5.1.10', reason: '', sg_message_id: '' };
    for (let n = 0; n < 2; n += 1)
      await deliver(...signed(JSON.stringify([event('1', bounce), event('', { ...bounce, email: 'b@example.org' })])));
    const shown = { event: 'bounce', at: '2026-06-01T12:00:00.000Z', type: 'bounce', status: '5.1.10' };
    expect((await events()).events).toEqual([
      { ...shown, email: 'a@example.org' },
      { ...shown, email: 'b@example.org' },
    ]);
  });

  it('loses a field of an unexpected type and the end of a long one, but keeps the event', async () => {
    await open();
    const odd = { event: 'click', url: `${'x'.repeat(499)}😀`, asm_group_id: { a: 1 }, category: 7, sg_message_id: null };
    await deliver(...signed(JSON.stringify([event('1', odd), event('2', { sg_machine_open: 'yes' })])));
    const shown = { at: '2026-06-01T12:00:00.000Z', email: 'a@example.org' };
    expect((await events()).events).toEqual([
      { ...shown, event: 'click', url: 'x'.repeat(499) },
      { ...shown, event: 'open' },
    ]);
  });

  it('with custom arguments that have the names of SendGrid’s fields shows none of them as SendGrid’s', async () => {
    await open();
    const custom = { type: 'blocked', status: 'gold', reason: 'signup', attempt: 3, url: 'https://a.example', response: 'yes' };
    const kinds = ['processed', 'delivered', 'open', 'spamreport', 'deferred'];
    const all = kinds.map((kind, index) =>
      event(String(index), { ...custom, bounce_classification: 'vip', sg_machine_open: true, event: kind }),
    );
    await deliver(...signed(JSON.stringify(all)));
    const shown = { at: '2026-06-01T12:00:00.000Z', email: 'a@example.org' };
    expect((await events()).events).toEqual([
      { ...shown, event: 'processed' },
      { ...shown, event: 'delivered', response: 'yes' },
      { ...shown, event: 'open', machineOpen: true },
      { ...shown, event: 'spamreport' },
      expect.objectContaining({ event: 'deferred', attempt: '3', response: 'yes' }),
    ]);
  });

  it('with an event of a kind that this server does not know shows all of its fields', async () => {
    await open();
    await deliver(...signed(JSON.stringify([event('1', { event: 'toString', reason: 'why', url: 'https://a.example' })])));
    expect((await events()).events).toMatchObject([{ event: 'toString', reason: 'why', url: 'https://a.example' }]);
  });

  it('is accepted over HTTP, and stored before it is answered', async () => {
    account = await startAccount();
    await account.call('sendgrid_send_email', { to: ['a@example.org', 'gone@example.org'], subject: 'S', text: 'T' });
    const listener = await httpTransport({ port: 0 }).listen(account.host);
    const delivery = await account.sandbox.deliver(account.sandbox.mails.flatMap((mail) => account.sandbox.eventsOf(mail)));
    const post = (body: string) =>
      fetch(new URL(`/hooks/${account.hook}`, listener.url), { method: 'POST', headers: delivery.headers, body });
    expect((await post(delivery.body.replace('delivered', 'processed'))).status).toBe(403);
    expect((await events()).events).toEqual([]);
    expect((await post(delivery.body)).status).toBe(204);
    expect((await events()).events.map(({ email, event: name }) => [email, name])).toEqual([
      ['a@example.org', 'processed'],
      ['a@example.org', 'delivered'],
      ['gone@example.org', 'dropped'],
    ]);
    await listener.close();
  });
});
