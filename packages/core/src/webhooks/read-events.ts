import type { Entry } from '../connector/state.ts';
import type { Webhook, WebhookEvent } from '../connector/webhook.ts';
import { canonicalJson, shortDigest } from '../lib/digest.ts';

const maxIdLength = 255;

/** The events of one delivery. */
export interface DeliveredEvents {
  readonly entries: readonly Entry<unknown>[];
  /** How many events could not be read. */
  readonly leftOut: number;
  /** Why the first of them could not be read, if its schema says so. */
  readonly cause?: unknown;
}

/**
 * Reads the events of a body. An event that cannot be read does not affect the others. @throws the connector's error for a whole body.
 */
export function readEvents({ events, log }: Pick<Webhook<never>, 'events' | 'log'>, body: unknown): DeliveredEvents {
  const entries: Entry<unknown>[] = [];
  let leftOut = 0;
  let cause: unknown;
  for (const event of events(body)) {
    const parsed = event && log.entry.safeParse(event.value);
    if (event && parsed?.success) entries.push({ id: idOf(event), key: event.key, value: parsed.data });
    else {
      leftOut += 1;
      cause ??= parsed?.error;
    }
  }
  return { entries, leftOut, cause };
}

/** A repeated event without the vendor's id has the same content, and so the same id. */
const idOf = ({ id, value }: WebhookEvent): string =>
  typeof id === 'string' && id !== '' && id.length <= maxIdLength ? id : shortDigest(canonicalJson(value));
