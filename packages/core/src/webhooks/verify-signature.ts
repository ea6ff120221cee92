import type { Signature } from '../connector/connector.ts';
import { ToolError } from '../errors.ts';
import { ecdsaSignatureFromDer } from './der-signature.ts';

const windowMs = 5 * 60_000;

/**
 * Verifies the raw bytes of a delivery against the signature in its headers. WebCrypto compares in constant time. If the signature names a
 * timestamp header, `now` (milliseconds since the epoch) may be up to five minutes before or after the timestamp.
 *
 * @throws {ToolError} FORBIDDEN. The message does not reveal a valid signature.
 * @throws {TypeError} if the declared signature does not cover the body, or covers a timestamp without naming its header.
 */
export async function verifySignature(signature: Signature, headers: Headers, body: Uint8Array, now: number): Promise<void> {
  const { over, timestampHeader, encoding, prefix = '', header } = signature;
  if (!over.includes('body')) throw new TypeError('a webhook signature must cover the body');
  if (over.includes('timestamp') && timestampHeader === undefined)
    throw new TypeError('a webhook signature over a timestamp needs timestampHeader');
  // An empty secret is known to everyone.
  if (signature.key === '') throw forbidden('this connection has no key to verify webhooks with. Someone must put it into its settings');

  const timestamp = timestampHeader === undefined ? '' : (headers.get(timestampHeader) ?? '');
  if (timestampHeader !== undefined) {
    const sentAt = readTimestamp(timestamp);
    if (sentAt === undefined) throw forbidden('the timestamp is missing or cannot be read');
    if (Math.abs(now - sentAt) > windowMs) throw forbidden('the timestamp is more than five minutes from now');
  }
  const text = headers.get(header);
  if (text === null) throw forbidden('the signature is missing');
  if (!text.startsWith(prefix)) throw forbidden('the signature does not begin with the declared prefix');
  const received = encoding === 'hex' ? fromHex(text.slice(prefix.length)) : fromBase64(text.slice(prefix.length));
  if (!received) throw forbidden('the signature cannot be read');

  const parts = over.map((part) => (part === 'body' ? body : new TextEncoder().encode(timestamp)));
  if (!(await isValid(signature, received, concat(parts)))) throw forbidden('the signature does not match the body');
}

const forbidden = (reason: string) => new ToolError('FORBIDDEN', `The delivery was refused: ${reason}.`);

async function isValid({ kind, key }: Signature, received: Bytes, data: Bytes): Promise<boolean> {
  if (kind === 'ecdsa-p256') {
    const spki = fromBase64(key);
    const pair = ecdsaSignatureFromDer(received);
    if (!pair) return false;
    if (!spki) throw unusableKey();
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    const publicKey = await crypto.subtle.importKey('spki', spki, algorithm, false, ['verify']).catch(() => Promise.reject(unusableKey()));
    return await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, publicKey, pair, data);
  }
  const algorithm = { name: 'HMAC', hash: kind === 'hmac-sha1' ? 'SHA-1' : 'SHA-256' };
  const secretKey = await crypto.subtle.importKey('raw', new TextEncoder().encode(key), algorithm, false, ['verify']);
  return await crypto.subtle.verify('HMAC', secretKey, received, data);
}

const unusableKey = () => forbidden('the connection’s public key cannot be read. Someone must correct its settings');

/** Returns milliseconds since the epoch, from seconds, milliseconds or an ISO date. */
function readTimestamp(text: string): number | undefined {
  if (/^\d{9,11}$/.test(text)) return Number(text) * 1_000;
  if (/^\d{12,14}$/.test(text)) return Number(text);
  const time = /^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

type Bytes = Uint8Array<ArrayBuffer>;

function fromHex(text: string): Bytes | undefined {
  if (!/^(?:[0-9a-f]{2})+$/i.test(text)) return undefined;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function fromBase64(text: string): Bytes | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function concat(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
