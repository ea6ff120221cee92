import type { Clock } from '@busbar/core';

/** An event as Zendesk's webhooks deliver it. */
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

/** Returns the body of the request that Zendesk would send for an event. */
export function webhookBody(clock: Clock, event: ZendeskEvent): string {
  return JSON.stringify({
    account_id: 1,
    zendesk_event_version: '2022-11-06',
    id: crypto.randomUUID(),
    time: new Date(clock.now()).toISOString(),
    detail: {},
    event: {},
    ...event,
  });
}

/** Returns the headers of a webhook request, with a signature over its timestamp and body. */
export async function webhookHeaders(clock: Clock, secret: string, body: string): Promise<Readonly<Record<string, string>>> {
  const timestamp = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const signature = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(timestamp + body)));
  return {
    'content-type': 'application/json; charset=utf-8',
    'x-zendesk-webhook-signature': btoa(String.fromCharCode(...signature)),
    'x-zendesk-webhook-signature-timestamp': timestamp,
  };
}
