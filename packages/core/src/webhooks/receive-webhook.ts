import type { Clock } from '../clock.ts';
import type { Connector } from '../connector/connector.ts';
import type { Entry, LogSpec, State } from '../connector/state.ts';
import { ToolError } from '../errors.ts';
import { findJsonExcess, type JsonBounds } from '../lib/json-bounds.ts';
import { parseJson } from '../lib/parse-json.ts';
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

const maxIdLength = 255;

// Vendors send events in batches: SendGrid up to 768 KB, with some fifteen fields in each. The signature does not make a body harmless,
// because a tenant knows the key of its own connection.
const bounds: JsonBounds = { depth: 64, values: 50_000, keys: 1_000 };

/**
 * Verifies a delivery, splits it into events and stores them. When the promise resolves, the events are as durable as `state`, and a
 * repeated delivery changes nothing.
 *
 * @throws {ToolError} FORBIDDEN for a signature that is missing, wrong or old; INVALID_INPUT for a body that the connector cannot read;
 *   NOT_FOUND if the connector has no webhook; UNAVAILABLE if the events could not be stored, so that the vendor sends them again.
 */
export async function receiveWebhook({ connector, config, state, headers, body, clock }: Delivery): Promise<void> {
  const { webhook } = connector;
  if (!webhook) throw new ToolError('NOT_FOUND', `${connector.id} has no webhook.`);
  await verifySignature(webhook.signature(config), headers, body, clock.now());
  const entries = checkEntries(webhook.log, () => webhook.events(parseDelivery(body)));
  try {
    await state.log(webhook.log).append(entries);
  } catch (error) {
    throw new ToolError('UNAVAILABLE', 'The events could not be stored. Send them again.', { cause: error });
  }
}

function parseDelivery(body: Uint8Array): unknown {
  const excess = findJsonExcess(body, bounds);
  if (excess) throw new RangeError(`the body ${excess}`);
  return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(body));
}

function checkEntries({ entry: schema }: LogSpec, read: () => readonly Entry<unknown>[]): Entry<unknown>[] {
  try {
    return read().map(({ id, key, value }) => {
      if (typeof id !== 'string' || id === '' || id.length > maxIdLength)
        throw new TypeError(`an event's id must have 1 to ${maxIdLength} characters`);
      return { id, key, value: schema.parse(value) };
    });
  } catch (error) {
    throw new ToolError('INVALID_INPUT', 'The body is not in the form that this webhook accepts.', { cause: error });
  }
}
