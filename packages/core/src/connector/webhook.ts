import type { LogSpec } from './state.ts';

/** Receives events from the vendor at `/hooks/<unguessable id>`. The host verifies and stores them before it answers. */
export interface Webhook<Config> {
  /** The log that stores the events, in the connection's state. */
  readonly log: LogSpec;
  /** Declares the signature that the raw bytes must have. */
  signature(config: Config): Signature;
  /**
   * Splits a verified body, parsed as JSON or as the fields of a form, into events. Return undefined for an event that you cannot read: the
   * host stores the others, logs how many it left out, and accepts the delivery, because the vendor would repeat and then drop all of it.
   * It also leaves out events that do not fit the log. Throw only if the body is no delivery at all.
   */
  events(body: unknown): readonly (WebhookEvent | undefined)[];
  /** Declares how the vendor checks the address before it sends events to it. Absent: it does not. */
  challenge?(config: Config): Challenge;
}

/** One event of a delivery. */
export interface WebhookEvent {
  /** The vendor's id, at most 255 characters, by which the host drops repeated events. Absent: the host makes an id from `value`. */
  readonly id?: string | undefined;
  /** What the event is about, for `StateLog.read`. */
  readonly key?: string | undefined;
  /** The host parses it with the schema of the log. */
  readonly value: unknown;
}

/** A signature over a webhook's raw bytes. */
export interface Signature {
  readonly kind: 'hmac-sha1' | 'hmac-sha256' | 'ecdsa-p256';
  /** The shared secret (hmac), or the public key as base64 SPKI (ecdsa). */
  readonly key: string;
  /** How `key` holds the bytes of a shared secret. Default: as text. Standard Webhooks: base64, after a `whsec_` that you remove. */
  readonly keyEncoding?: 'base64' | undefined;
  readonly header: string;
  /**
   * What separates the parts of the header, if it holds several: `,` for Stripe, a space for Standard Webhooks. One valid signature among
   * them is enough, as while a vendor changes its key. At most 20 parts.
   */
  readonly separator?: ',' | ' ' | undefined;
  /** The text before the signature, such as `sha1=`. Parts that begin differently are not signatures of this kind. */
  readonly prefix?: string | undefined;
  readonly encoding: 'hex' | 'base64';
  /** The signed parts, in order. One of them is `body` or `form`. */
  readonly over: readonly SignedPart[];
  /**
   * The name of the header that holds the timestamp: seconds or milliseconds since the epoch, or an ISO date. A delivery is refused if its
   * timestamp is more than 5 minutes off.
   */
  readonly timestampHeader?: string | undefined;
  /** The text before the timestamp, if it is a part of the signature's own header: `t=` for Stripe. */
  readonly timestampPrefix?: string | undefined;
}

/**
 * A part of the signed text: the timestamp; the raw body; a form's fields as Twilio signs them, sorted, each name with its value; the value
 * of a header; or a text that does not change, such as a version, or the address that you gave the vendor.
 */
export type SignedPart = 'timestamp' | 'body' | 'form' | { readonly header: string } | { readonly text: string };

/**
 * How a vendor checks an address. `body`: a signed delivery has the challenge in a field, as Slack's `challenge`. `query`: a GET has the
 * challenge and a token of the settings in its query, as Meta's `hub.challenge` and `hub.verify_token`. The host answers with the
 * challenge.
 */
export type Challenge =
  | { readonly in: 'body'; readonly field: string }
  | { readonly in: 'query'; readonly field: string; readonly tokenField: string; readonly token: string };
