import type { Clock } from '@busbar/core';

/** An event as Zendesk's webhooks bring it. */
export interface ZendeskEvent {
  /** Such as `zen:event-type:ticket.status_changed`. */
  readonly type: string;
  readonly id?: string;
  /** Such as `zen:ticket:1`. */
  readonly subject: string;
  readonly time?: string;
  readonly detail?: object;
  readonly event?: object;
}

/** Makes the request that Zendesk would send for an event, signed over timestamp and body. */
export async function webhookDelivery(
  clock: Clock,
  secret: string,
  event: ZendeskEvent,
): Promise<{ headers: Record<string, string>; body: string }> {
  const now = new Date(clock.now()).toISOString();
  const timestamp = `${now.slice(0, 19)}Z`;
  const filled = {
    account_id: 1,
    zendesk_event_version: '2022-11-06',
    id: crypto.randomUUID(),
    time: now,
    detail: {},
    event: {},
    ...event,
  };
  const body = JSON.stringify(filled);
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const signature = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(timestamp + body)));
  return {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'x-zendesk-webhook-signature': btoa(String.fromCharCode(...signature)),
      'x-zendesk-webhook-signature-timestamp': timestamp,
    },
    body,
  };
}
