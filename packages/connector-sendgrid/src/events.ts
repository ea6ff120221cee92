import type { Entry, LogSpec, StateLog } from '@busbar/core';
import { z } from 'zod';
import { keyArgument } from './mail.ts';

/** What SendGrid tells of an e-mail after it has taken it; the last one is of the account. */
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

// A field of a type that is not expected is left out: the rest of its event is worth more than the refusal of the delivery.
const words = z
  .union([z.string(), z.number()])
  .transform((value) => String(value).slice(0, 500))
  .optional()
  .catch(undefined);

/** An event as it is kept: what happened to whom and why, without the recipient's network address and program. */
export const MailEvent = z.object({
  event: z.string(),
  timestamp: z.number(),
  email: words,
  sg_message_id: words,
  reason: words,
  status: words,
  type: words,
  response: words,
  attempt: words,
  bounce_classification: words,
  url: words,
  sg_machine_open: z.boolean().optional().catch(undefined),
  category: z
    .union([z.string().transform((name) => [name]), z.array(z.string())])
    .optional()
    .catch(undefined),
  [keyArgument]: words,
});
export type MailEvent = z.output<typeof MailEvent>;

/** The newest 10,000 events of a connection, under the ids of their messages. */
export const eventLog = { name: 'events', entry: MailEvent, max: 10_000, whenFull: 'drop-oldest' } as const satisfies LogSpec;

const Delivered = z.array(z.looseObject({ sg_event_id: z.string(), sg_message_id: z.string().optional().catch(undefined) }));

/** Takes a delivery of the Event Webhook apart. @throws where it is none. */
export function readEvents(body: unknown): Entry<unknown>[] {
  return Delivered.parse(body).map((value) => ({
    id: value.sg_event_id,
    key: value.sg_message_id === undefined ? undefined : messageIdIn(value.sg_message_id),
    value,
  }));
}

/** The id that `mail/send` answered with: an event's own message id goes on, after a dot, with where SendGrid handled it. */
export const messageIdIn = (id: string): string => id.split('.', 1)[0] ?? '';

/** Which events are wanted. What is absent does not matter. */
export interface EventFilter {
  readonly messageId?: string | undefined;
  readonly sendKey?: string | undefined;
  readonly email?: string | undefined;
  readonly events?: readonly string[] | undefined;
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
}

/** After which event to go on: the page of the log that it is on, and its id there. */
export interface EventPosition {
  readonly page?: string | undefined;
  readonly id: string;
}

const scanPage = 1_000;

/**
 * Reads on from a position, oldest first, until `limit` events fit. A log holds no more than ten pages, so the search ends.
 *
 * @throws the signal's reason once it has aborted.
 */
export async function findEvents(
  log: StateLog<MailEvent>,
  { messageId, sendKey, email, events, since }: EventFilter,
  { limit, after, signal }: { readonly limit: number; readonly after?: EventPosition | undefined; readonly signal: AbortSignal },
): Promise<{ readonly found: readonly MailEvent[]; readonly next?: EventPosition | undefined }> {
  const fits = ({ value }: Entry<MailEvent>): boolean =>
    (sendKey === undefined || value[keyArgument] === sendKey) &&
    (email === undefined || value.email?.toLowerCase() === email.toLowerCase()) &&
    (events === undefined || events.includes(value.event)) &&
    (since === undefined || value.timestamp * 1_000 >= since);
  const key = messageId === undefined ? undefined : messageIdIn(messageId);

  const found: MailEvent[] = [];
  let last = after;
  let page = after?.page;
  for (;;) {
    signal.throwIfAborted();
    const { entries, next } = await log.read({ limit: scanPage, after: page, key });
    // An event that is not there any more was dropped as the oldest, and with it all that stood before it.
    const start = entries.findIndex(({ id }) => id === after?.id) + 1;
    for (const entry of entries.slice(start)) {
      if (!fits(entry)) continue;
      if (found.length === limit) return { found, next: last };
      found.push(entry.value);
      last = { page, id: entry.id };
    }
    if (next === undefined) return { found };
    page = next;
  }
}
