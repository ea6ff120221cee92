import { truncate, type LogSpec, type Webhook, type WebhookEvent } from '@busbar/core';
import { z } from 'zod';

const maxChange = 2_000;

const StoredEvent = z.object({
  /** Such as `ticket.status_changed`. */
  type: z.string(),
  /** Such as `ticket:123`. */
  about: z.string(),
  at: z.string().optional(),
  actorId: z.string().optional(),
  change: z.string(),
});
/** An event as the connection's log stores it. */
export type StoredEvent = z.output<typeof StoredEvent>;

/** The log of a connection's newest 1,000 events. */
export const eventLog = { name: 'events', entry: StoredEvent, max: 1_000, whenFull: 'drop-oldest' } as const satisfies LogSpec<
  typeof StoredEvent
>;

const id = z.union([z.string().max(100), z.number()]);

/** An event as Zendesk sends it to a webhook that is subscribed to events. */
const DeliveredEvent = z.looseObject({
  id: z.string().nullish().catch(undefined),
  type: z.string().startsWith('zen:event-type:').max(200),
  // A field of an unexpected type is dropped, so that the rest of the event is kept.
  subject: z.string().max(200).nullish().catch(undefined),
  time: z.string().max(50).nullish().catch(undefined),
  detail: z
    .looseObject({ id: id.nullish().catch(undefined), actor_id: id.nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
  event: z.unknown().optional(),
});

/**
 * Zendesk's webhook. Zendesk's documentation once put the body before the timestamp and still shows a signature that was made that way, but
 * Zendesk no longer sends such signatures.
 */
export const webhook: Webhook<{ readonly webhookSecret?: string | undefined }> = {
  log: eventLog,
  signature: ({ webhookSecret = '' }) => ({
    kind: 'hmac-sha256',
    key: webhookSecret,
    header: 'X-Zendesk-Webhook-Signature',
    encoding: 'base64',
    over: ['timestamp', 'body'],
    timestampHeader: 'X-Zendesk-Webhook-Signature-Timestamp',
  }),
  events(body): readonly (WebhookEvent | undefined)[] {
    const delivered = DeliveredEvent.safeParse(body).data;
    // Someone who tests the webhook in Zendesk chooses the body, and sees whether the server accepted it.
    if (!delivered) return [undefined];
    const { id, type, subject, time, detail, event } = delivered;
    const name = type.slice('zen:event-type:'.length);
    const about = subject?.startsWith('zen:') ? subject.slice(4) : `${name.split('.', 1)[0] ?? ''}:${detail?.id ?? ''}`;
    const change = JSON.stringify(event) ?? '';
    const value: StoredEvent = {
      type: name,
      about,
      change: truncate(change, maxChange) ?? '',
      ...(time && { at: time }),
      ...(detail?.actor_id && { actorId: String(detail.actor_id) }),
    };
    return [{ id: id ?? undefined, key: about, value }];
  },
};
