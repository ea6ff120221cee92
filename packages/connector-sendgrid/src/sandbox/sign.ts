/** A delivery of the Event Webhook, ready to be posted. */
export interface SignedDelivery {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Signs as SendGrid does. */
export interface Signer {
  /** The public key, as SendGrid's settings show it. */
  readonly key: string;
  /** The headers with which SendGrid sends this body. */
  sign(body: string, nowMs: number): Promise<Readonly<Record<string, string>>>;
}

/** Makes a key pair of its own. */
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
        'x-twilio-email-event-webhook-signature': base64(der(raw)),
        'x-twilio-email-event-webhook-timestamp': timestamp,
      };
    },
  };
}

/** Events as they are sent: one a line. The last line end is signed too. */
export const eventsBody = (events: readonly object[]): string => `[${events.map((event) => JSON.stringify(event)).join(',\r\n')}]\r\n`;

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** WebCrypto gives r and s side by side; the wire has them as two integers in ASN.1. */
function der(raw: Uint8Array): Uint8Array {
  const integers = [raw.subarray(0, 32), raw.subarray(32)].flatMap((half) => {
    const digits = [...half.subarray(half.findIndex((byte) => byte !== 0))];
    // The first bit is the sign.
    if ((digits[0] ?? 0) >= 0x80) digits.unshift(0);
    return [0x02, digits.length, ...digits];
  });
  return Uint8Array.from([0x30, integers.length, ...integers]);
}
