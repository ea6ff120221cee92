import type { Signature, SignedPart } from '../connector/webhook.ts';
import { ToolError } from '../errors.ts';
import { ecdsaSignatureFromDer } from './der-signature.ts';
import { signedForm } from './form.ts';

const windowMs = 5 * 60_000;
const maxParts = 20;

/**
 * Verifies the raw bytes of a delivery against the signature in its headers. WebCrypto compares in constant time. If the signature declares
 * where the timestamp is, `now` (milliseconds since the epoch) may be up to five minutes before or after it.
 *
 * @throws {ToolError} FORBIDDEN. The message does not reveal a valid signature.
 * @throws {TypeError} if the declared signature does not cover the body, or covers a timestamp without saying where it is.
 */
export async function verifySignature(signature: Signature, headers: Headers, body: Uint8Array, now: number): Promise<void> {
  checkDeclaration(signature);
  const { over, prefix = '', encoding } = signature;
  // An empty secret is known to everyone.
  if (signature.key === '') throw forbidden('this connection has no key to verify webhooks with. Someone must put it into its settings');

  const parts = headerParts(signature, headers);
  if (!parts) throw forbidden('the signature is missing');
  const timestamp = timestampOf(signature, headers, parts, now);
  const texts = parts.filter((part) => part.startsWith(prefix)).map((part) => part.slice(prefix.length));
  if (texts.length === 0) throw forbidden('the signature does not begin with the declared prefix');
  const received = texts.map(encoding === 'hex' ? fromHex : fromBase64).filter((bytes) => bytes !== undefined);
  if (received.length === 0) throw forbidden('the signature cannot be read');

  const signed = concat(over.map((part) => bytesOf(part, headers, body, timestamp)));
  const verify = await createVerifier(signature);
  for (const candidate of received) if (await verify(candidate, signed)) return;
  throw forbidden('the signature does not match the body');
}

function checkDeclaration({ over, timestampHeader, timestampPrefix }: Signature): void {
  if (!over.includes('body') && !over.includes('form')) throw new TypeError('a webhook signature must cover the body');
  if (over.includes('timestamp') && timestampHeader === undefined && timestampPrefix === undefined)
    throw new TypeError('a webhook signature over a timestamp needs timestampHeader or timestampPrefix');
}

function headerParts({ header, separator }: Signature, headers: Headers): readonly string[] | undefined {
  const value = headers.get(header);
  if (value === null) return undefined;
  return separator === undefined ? [value] : value.split(separator, maxParts).map((part) => part.trim());
}

/** Returns the timestamp as it was signed, or '' if there is none. @throws {ToolError} FORBIDDEN if it is missing or not about now. */
function timestampOf({ timestampHeader, timestampPrefix }: Signature, headers: Headers, parts: readonly string[], now: number): string {
  if (timestampHeader === undefined && timestampPrefix === undefined) return '';
  const inHeader = timestampHeader === undefined ? undefined : headers.get(timestampHeader);
  const inParts = timestampPrefix === undefined ? undefined : parts.find((part) => part.startsWith(timestampPrefix));
  const timestamp = inHeader ?? inParts?.slice(timestampPrefix?.length) ?? '';
  const sentAt = readTimestamp(timestamp);
  if (sentAt === undefined) throw forbidden('the timestamp is missing or cannot be read');
  if (Math.abs(now - sentAt) > windowMs) throw forbidden('the timestamp is more than five minutes from now');
  return timestamp;
}

function bytesOf(part: SignedPart, headers: Headers, body: Uint8Array, timestamp: string): Uint8Array {
  if (part === 'body') return body;
  if (part === 'timestamp') return utf8(timestamp);
  if (part === 'form') return utf8(formOf(body));
  if ('text' in part) return utf8(part.text);
  const value = headers.get(part.header);
  if (value === null) throw forbidden('a header that the signature covers is missing');
  return utf8(value);
}

function formOf(body: Uint8Array): string {
  try {
    return signedForm(body);
  } catch {
    throw forbidden('the body is not the form that the signature covers');
  }
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const forbidden = (reason: string) => new ToolError('FORBIDDEN', `The delivery was refused: ${reason}.`);

type Verifier = (received: Bytes, data: Bytes) => Promise<boolean>;

/** Imports the key. @throws {ToolError} FORBIDDEN for a key that cannot be read. */
async function createVerifier({ kind, key, keyEncoding }: Signature): Promise<Verifier> {
  if (kind === 'ecdsa-p256') {
    const spki = fromBase64(key);
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    if (!spki) throw unusableKey('public key');
    const publicKey = await crypto.subtle
      .importKey('spki', spki, algorithm, false, ['verify'])
      .catch(() => Promise.reject(unusableKey('public key')));
    return async (received, data) => {
      const pair = ecdsaSignatureFromDer(received);
      return pair !== undefined && (await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, publicKey, pair, data));
    };
  }
  const algorithm = { name: 'HMAC', hash: kind === 'hmac-sha1' ? 'SHA-1' : 'SHA-256' };
  const bytes = keyEncoding === 'base64' ? fromBase64(key) : new TextEncoder().encode(key);
  if (!bytes) throw unusableKey('secret');
  const secretKey = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['verify']);
  return (received, data) => crypto.subtle.verify('HMAC', secretKey, received, data);
}

const unusableKey = (what: string) => forbidden(`the connection’s ${what} cannot be read. Someone must correct its settings`);

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
