import { textStart, type Entry, type LogSpec, type StateLog, type WebhookEvent } from '@busbar/core';
import { z } from 'zod';
import { keyArgument } from './mail.ts';

/** The names of SendGrid's events. The last is about the account. All others are about an e-mail that SendGrid has accepted. */
export const eventNames = [
  'processed',
  'dropped',
  'deferred',
  'delivered',
  'bounce',
  'open',
  'click',
  'spamreport',
  'unsubscribe',
  'group_unsubscribe',
  'group_resubscribe',
  'account_status_change',
] as const;

// Drops a field of an unexpected type, so that the rest of the event is kept and its delivery is not refused. SendGrid sends some bounces
// with an empty text for what it does not know.
const shortText = z
  .union([z.string(), z.number()])
  .transform((value) => textStart(String(value), 500) || undefined)
  .optional()
  .catch(undefined);

// The last second that a date can hold.
const maxSeconds = 8.64e12;

/** An event as the log stores it, without the recipient's IP address and mail program. */
export const MailEvent = z.object({
  event: z.string(),
  timestamp: z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.number().min(0).max(maxSeconds)),
  email: shortText,
  sg_message_id: shortText,
  reason: shortText,
  status: shortText,
  type: shortText,
  response: shortText,
  attempt: shortText,
  bounce_classification: shortText,
  url: shortText,
  asm_group_id: shortText,
  sg_template_id: shortText,
  sg_machine_open: z.boolean().optional().catch(undefined),
  category: z
    .union([z.string().transform((name) => [name]), z.array(z.string())])
    .optional()
    .catch(undefined),
  [keyArgument]: shortText,
});
export type MailEvent = z.output<typeof MailEvent>;

// Why an e-mail was not delivered.
const failed = ['reason', 'status', 'type', 'bounce_classification'] as const;

/** What SendGrid itself says in each kind of event, besides what all of them have. */
const fieldsOf: Readonly<Record<string, readonly (keyof MailEvent)[]>> = {
  processed: [],
  dropped: failed,
  deferred: [...failed, 'response', 'attempt'],
  delivered: ['response'],
  bounce: failed,
  open: ['sg_machine_open'],
  click: ['url'],
  spamreport: [],
  unsubscribe: ['url'],
  group_unsubscribe: ['url'],
  group_resubscribe: ['url'],
  account_status_change: ['type', 'reason'],
} satisfies Readonly<Record<(typeof eventNames)[number], readonly (keyof MailEvent)[]>>;

/**
 * Returns the fields that SendGrid gives an event of this kind. The custom arguments of an e-mail stand beside SendGrid's own fields, so
 * that a sender's `status` in an event without one would look like SendGrid's.
 */
export function ownFields(event: MailEvent): Partial<MailEvent> {
  const names: readonly string[] | undefined = Object.hasOwn(fieldsOf, event.event) ? fieldsOf[event.event] : undefined;
  return names === undefined ? event : Object.fromEntries(Object.entries(event).filter(([name]) => names.includes(name)));
}

/** The log of a connection's newest 10,000 events. An event's key is its message id. */
export const eventLog = { name: 'events', entry: MailEvent, max: 10_000, whenFull: 'drop-oldest' } as const satisfies LogSpec;

// SendGrid sends at most 768 KB at once, and an event has more than 200 bytes.
const Delivery = z.array(z.unknown()).max(5_000);
// Events that no e-mail caused, such as an unsubscription by hand, have neither of the ids.
const id = z.string().min(1).optional().catch(undefined);
const Event = z.looseObject({ sg_event_id: id, sg_message_id: id });

/** Splits a delivery of the Event Webhook into its events. @throws {z.ZodError} if the body is not a delivery. */
export function readEvents(body: unknown): (WebhookEvent | undefined)[] {
  return Delivery.parse(body).map((event) => {
    const value = Event.safeParse(event).data;
    if (!value) return undefined;
    const { sg_event_id: eventId, sg_message_id: messageId } = value;
    return { id: eventId, key: messageId === undefined ? undefined : sentMessageId(messageId), value };
  });
}

/**
 * Returns the id that `mail/send` answered with. In an event's message id, this id comes before the first dot, and SendGrid's routing comes
 * after it.
 */
export const sentMessageId = (id: string): string => id.split('.', 1)[0] ?? '';

/** Conditions that select events. An absent condition always holds. */
export interface EventFilter {
  readonly messageId?: string | undefined;
  readonly sendKey?: string | undefined;
  readonly email?: string | undefined;
  readonly events?: readonly string[] | undefined;
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
}

/** A position after an event: the log page that contains the event, and the event's id. */
export interface EventPosition {
  readonly page?: string | undefined;
  readonly id: string;
}

const scanPage = 1_000;

/**
 * Reads events after a position, oldest first, until `limit` of them match. Reads at most ten pages, because a log has no more.
 *
 * @throws the signal's reason once it has aborted.
 */
export async function findEvents(
  log: StateLog<MailEvent>,
  { messageId, sendKey, email, events, since }: EventFilter,
  { limit, after, signal }: { readonly limit: number; readonly after?: EventPosition | undefined; readonly signal: AbortSignal },
): Promise<{ readonly found: readonly MailEvent[]; readonly next?: EventPosition | undefined }> {
  const matches = ({ value }: Entry<MailEvent>): boolean =>
    (sendKey === undefined || value[keyArgument] === sendKey) &&
    (email === undefined || value.email?.toLowerCase() === email.toLowerCase()) &&
    (events === undefined || events.includes(value.event)) &&
    (since === undefined || value.timestamp * 1_000 >= since);
  const key = messageId === undefined ? undefined : sentMessageId(messageId);

  const found: MailEvent[] = [];
  let last = after;
  let page = after?.page;
  for (;;) {
    signal.throwIfAborted();
    const { entries, next } = await log.read({ limit: scanPage, after: page, key });
    // If the log has dropped the event at the position, it has dropped all earlier events too, so reading starts with the first.
    const start = entries.findIndex(({ id }) => id === after?.id) + 1;
    for (const entry of entries.slice(start)) {
      if (!matches(entry)) continue;
      if (found.length === limit) return { found, next: last };
      found.push(entry.value);
      last = { page, id: entry.id };
    }
    if (next === undefined) return { found };
    page = next;
  }
}
