/** A signed delivery of the Event Webhook. */
export interface SignedDelivery {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Signs deliveries as SendGrid does. */
export interface Signer {
  /** The public key, in the form that SendGrid's settings page shows. */
  readonly key: string;
  /** Returns the headers that SendGrid sends with this body. */
  sign(body: string, nowMs: number): Promise<Readonly<Record<string, string>>>;
}

/** Creates a signer with a new key pair. */
export async function createSigner(): Promise<Signer> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey));
  return {
    key: base64(spki),
    async sign(body, nowMs) {
      const timestamp = String(Math.floor(nowMs / 1_000));
      const data = new TextEncoder().encode(timestamp + body);
      const raw = new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, data));
      return {
        'content-type': 'application/json',
        'x-twilio-email-event-webhook-signature': base64(toDer(raw)),
        'x-twilio-email-event-webhook-timestamp': timestamp,
      };
    },
  };
}

/** Returns the body of a delivery, with one event per line. The signature covers the final line break too. */
export const eventsBody = (events: readonly object[]): string => `[${events.map((event) => JSON.stringify(event)).join(',\r\n')}]\r\n`;

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** Converts a WebCrypto signature, r and s side by side, into two ASN.1 integers, the form that SendGrid sends. */
function toDer(raw: Uint8Array): Uint8Array {
  const integers = [raw.subarray(0, 32), raw.subarray(32)].flatMap((half) => {
    const digits = [...half.subarray(half.findIndex((byte) => byte !== 0))];
    // A first bit of 1 would make the number negative.
    if ((digits[0] ?? 0) >= 0x80) digits.unshift(0);
    return [0x02, digits.length, ...digits];
  });
  return Uint8Array.from([0x30, integers.length, ...integers]);
}
