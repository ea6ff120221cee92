import type { Clock } from '../clock.ts';
import type { Connector } from '../connector/connector.ts';
import type { State } from '../connector/state.ts';
import { ToolError } from '../errors.ts';
import { findJsonExcess, type JsonBounds } from '../lib/json-bounds.ts';
import { parseJson } from '../lib/parse-json.ts';
import { challengeInBody } from './answer-challenge.ts';
import { isForm, readForm } from './form.ts';
import { readEvents, type DeliveredEvents } from './read-events.ts';
import { verifySignature } from './verify-signature.ts';

/** One delivery from a vendor to a connection's webhook. */
export interface Delivery {
  readonly connector: Connector;
  /** The connection's parsed settings. */
  readonly config: Record<string, unknown>;
  /** The connection's own state, in which the connector finds the events. */
  readonly state: State;
  readonly headers: Headers;
  /** The bytes exactly as they arrived, because the signature covers every byte. */
  readonly body: Uint8Array;
  readonly clock: Clock;
}

/** How a delivery was received: as a challenge to answer, or as events. */
export type Receipt =
  | { readonly challenge: string }
  | (Omit<DeliveredEvents, 'entries'> & { readonly kept: number; readonly challenge?: undefined });

// Vendors send events in batches: SendGrid up to 768 KB, with some fifteen fields in each. The signature does not make a body harmless,
// because a tenant knows the key of its own connection.
const bounds: JsonBounds = { depth: 64, values: 50_000, keys: 1_000 };

/**
 * Verifies a delivery, splits it into events and stores those that can be read. When the promise resolves, the events are as durable as
 * `state`, and a repeated delivery changes nothing.
 *
 * @throws {ToolError} FORBIDDEN for a signature that is missing, wrong or old; INVALID_INPUT for a body that is no delivery; NOT_FOUND if
 *   the connector has no webhook; UNAVAILABLE if the events could not be stored, so that the vendor sends them again.
 */
export async function receiveWebhook({ connector, config, state, headers, body, clock }: Delivery): Promise<Receipt> {
  const { webhook } = connector;
  if (!webhook) throw new ToolError('NOT_FOUND', `${connector.id} has no webhook.`);
  await verifySignature(webhook.signature(config), headers, body, clock.now());
  const parsed = readable(() => parseBody(headers, body));
  const challenge = challengeInBody(webhook.challenge?.(config), parsed);
  if (challenge !== undefined) return { challenge };
  const { entries, leftOut, cause } = readable(() => readEvents(webhook, parsed));
  try {
    if (entries.length > 0) await state.log(webhook.log).append(entries);
  } catch (error) {
    throw new ToolError('UNAVAILABLE', 'The events could not be stored. Send them again.', { cause: error });
  }
  return { kept: entries.length, leftOut, cause };
}

function parseBody(headers: Headers, body: Uint8Array): unknown {
  if (isForm(headers)) return Object.fromEntries(readForm(body));
  const excess = findJsonExcess(body, bounds);
  if (excess) throw new RangeError(`the body ${excess}`);
  // A byte that is not text is in one event, and must not lose the others. It becomes U+FFFD, as in a vendor's answer.
  return parseJson(new TextDecoder().decode(body));
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ToolError('INVALID_INPUT', 'The body is not in the form that this webhook accepts.', { cause: error });
  }
}
