import type { Entry, LogSpec, Webhook } from '@busbar/core';
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

const id = z.union([z.string(), z.number()]);

/** An event as Zendesk sends it to a webhook that is subscribed to events. */
const DeliveredEvent = z.looseObject({
  id: z.string().min(1).max(255),
  type: z.string().startsWith('zen:event-type:').max(200),
  subject: z.string().max(200).nullish(),
  time: z.string().max(50).nullish(),
  detail: z.looseObject({ id: id.nullish(), actor_id: id.nullish() }).nullish(),
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
  events(body): readonly Entry<StoredEvent>[] {
    const { id, type, subject, time, detail, event } = DeliveredEvent.parse(body);
    const name = type.slice('zen:event-type:'.length);
    const about = subject?.startsWith('zen:') ? subject.slice(4) : `${name.split('.', 1)[0] ?? ''}:${detail?.id ?? ''}`;
    const change = JSON.stringify(event) ?? '';
    const value: StoredEvent = {
      type: name,
      about,
      change: change.length > maxChange ? `${change.slice(0, maxChange)}…` : change,
      ...(time && { at: time }),
      ...(detail?.actor_id && { actorId: String(detail.actor_id) }),
    };
    return [{ id, key: about, value }];
  },
};
