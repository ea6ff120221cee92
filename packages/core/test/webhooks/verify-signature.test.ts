import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Signature } from '../../src/index.ts';
import { verifySignature } from '../../src/webhooks/verify-signature.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const body = bytes('{"event":"delivered"}');
const now = Date.UTC(2026, 0, 1, 12);
const refused = { code: 'FORBIDDEN' };

/** Signs as a vendor would, with Node's own cryptography. */
function hmac(algorithm: 'sha1' | 'sha256', secret: string, parts: readonly (string | Uint8Array)[], encoding: 'hex' | 'base64'): string {
  const mac = createHmac(algorithm, secret);
  for (const part of parts) mac.update(part);
  return mac.digest(encoding);
}

const hub: Signature = { kind: 'hmac-sha1', key: 'secret', header: 'X-Hub-Signature', prefix: 'sha1=', encoding: 'hex', over: ['body'] };
const timed: Signature = {
  kind: 'hmac-sha256',
  key: 'secret',
  header: 'X-Signature',
  encoding: 'base64',
  over: ['timestamp', 'body'],
  timestampHeader: 'X-Timestamp',
};

function timedHeaders(timestamp: string, secret = 'secret', signed: Uint8Array = body): Headers {
  return new Headers({ 'X-Timestamp': timestamp, 'X-Signature': hmac('sha256', secret, [timestamp, signed], 'base64') });
}

test('accepts an HMAC-SHA1 in hex after a prefix', async () => {
  const headers = new Headers({ 'x-hub-signature': `sha1=${hmac('sha1', 'secret', [body], 'hex')}` });
  await expect(verifySignature(hub, headers, body, now)).resolves.toBeUndefined();
  await expect(verifySignature({ ...hub, key: 'other' }, headers, body, now)).rejects.toMatchObject(refused);
});

test('refuses one changed byte of body, timestamp or signature', async () => {
  const timestamp = String(now / 1_000);
  const headers = timedHeaders(timestamp);
  await expect(verifySignature(timed, headers, body, now)).resolves.toBeUndefined();
  await expect(verifySignature(timed, headers, bytes('{"event":"delivered"} '), now)).rejects.toMatchObject(refused);
  const moved = new Headers(headers);
  moved.set('X-Timestamp', String(now / 1_000 + 1));
  await expect(verifySignature(timed, moved, body, now)).rejects.toMatchObject(refused);
  const flipped = new Headers(headers);
  flipped.set('X-Signature', hmac('sha256', 'secret', [timestamp, 'other'], 'base64'));
  await expect(verifySignature(timed, flipped, body, now)).rejects.toMatchObject(refused);
});

test('verifies the signed parts in the declared order', async () => {
  const timestamp = String(now / 1_000);
  const reversed: Signature = { ...timed, over: ['body', 'timestamp'] };
  const headers = new Headers({ 'X-Timestamp': timestamp, 'X-Signature': hmac('sha256', 'secret', [body, timestamp], 'base64') });
  await expect(verifySignature(reversed, headers, body, now)).resolves.toBeUndefined();
  await expect(verifySignature(timed, headers, body, now)).rejects.toMatchObject(refused);
});

test.each([
  ['seconds', (at: number) => String(Math.floor(at / 1_000))],
  ['milliseconds', (at: number) => String(at)],
  ['an ISO date', (at: number) => new Date(at).toISOString()],
  ['an ISO date with an offset', (at: number) => new Date(at + 3_600_000).toISOString().replace('Z', '+01:00')],
])('reads a timestamp in %s, and accepts five minutes both ways', async (_, format) => {
  for (const [awayMs, fits] of [
    [0, true],
    [-300_000, true],
    [300_000, true],
    [-301_000, false],
    [301_000, false],
  ] as const) {
    const attempt = verifySignature(timed, timedHeaders(format(now + awayMs)), body, now);
    if (fits) await expect(attempt).resolves.toBeUndefined();
    else await expect(attempt).rejects.toThrow('more than five minutes from now');
  }
});

test.each(['', 'soon', '2026-01-01', '2026-01-01T12:00:00', '-1', '1e9', '99999999999999999'])(
  'refuses the timestamp “%s”',
  async (timestamp) => {
    await expect(verifySignature(timed, timedHeaders(timestamp), body, now)).rejects.toThrow('the timestamp is missing or cannot be read');
  },
);

test('says of an unsigned delivery that the signature is missing, and not its timestamp', async () => {
  await expect(verifySignature(timed, new Headers(), body, now)).rejects.toThrow('the signature is missing');
});

test.each([
  [new Headers(), 'the signature is missing'],
  [new Headers({ 'X-Hub-Signature': 'abcd' }), 'declared prefix'],
  [new Headers({ 'X-Hub-Signature': 'sha1=' }), 'cannot be read'],
  [new Headers({ 'X-Hub-Signature': 'sha1=xyz' }), 'cannot be read'],
  [new Headers({ 'X-Hub-Signature': 'sha1=abc' }), 'cannot be read'],
  [new Headers({ 'X-Hub-Signature': 'sha1=ab' }), 'does not match'],
])('refuses a delivery with headers %#: %s', async (headers, reason) => {
  await expect(verifySignature(hub, headers, body, now)).rejects.toThrow(reason);
});

test('refuses text that is not base64', async () => {
  for (const text of ['====', 'a', 'not base64!', 'YQ']) {
    const headers = new Headers({ 'X-Signature': text, 'X-Timestamp': String(now) });
    await expect(verifySignature(timed, headers, body, now)).rejects.toMatchObject(refused);
  }
});

test('an empty secret verifies nothing, not even a body that was signed with it', async () => {
  const headers = new Headers({ 'X-Hub-Signature': `sha1=${hmac('sha1', '', [body], 'hex')}` });
  await expect(verifySignature({ ...hub, key: '' }, headers, body, now)).rejects.toThrow('has no key');
});

test('a declaration that does not cover the body, or has no timestamp header for its timestamp, is a fault', async () => {
  await expect(verifySignature({ ...timed, over: ['timestamp'] }, timedHeaders('1'), body, now)).rejects.toThrow(TypeError);
  await expect(verifySignature({ ...hub, over: ['timestamp', 'body'] }, new Headers(), body, now)).rejects.toThrow(TypeError);
});

describe('ECDSA P-256', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const signature: Signature = { kind: 'ecdsa-p256', key, header: 'X-Signature', encoding: 'base64', over: ['body'] };
  const sign = (data: Uint8Array) => createSign('sha256').update(data).sign(privateKey);
  const headersOf = (der: Uint8Array) => new Headers({ 'X-Signature': Buffer.from(der).toString('base64') });

  test('accepts DER signatures of every possible length', async () => {
    // r and s gain a zero byte in every other signature, and lose a byte in one of 128, so 600 signatures have every length.
    const lengths = new Set<number>();
    for (let n = 0; n < 600; n += 1) {
      const data = bytes(`${n}`);
      const der = sign(data);
      lengths.add(der.length);
      await expect(verifySignature(signature, headersOf(der), data, now)).resolves.toBeUndefined();
    }
    expect([...lengths].filter((length) => length >= 70)).toHaveLength(3);
  });

  test('refuses another body, another key and a cut signature', async () => {
    const der = sign(body);
    await expect(verifySignature(signature, headersOf(der), bytes('x'), now)).rejects.toMatchObject(refused);
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    await expect(verifySignature({ ...signature, key: other }, headersOf(der), body, now)).rejects.toMatchObject(refused);
    for (const broken of [der.subarray(0, -1), der.subarray(1), new Uint8Array()]) {
      await expect(verifySignature(signature, headersOf(broken), body, now)).rejects.toMatchObject(refused);
    }
  });

  test.each(['bm8ga2V5', 'not base64!'])('the key “%s” is refused, and someone must correct the setting', async (broken) => {
    await expect(verifySignature({ ...signature, key: broken }, headersOf(sign(body)), body, now)).rejects.toThrow(
      'public key cannot be read',
    );
  });
});

const recorded = (name: string) => fileURLToPath(new URL(`../../../../../shared/vendors/recorded/${name}.json`, import.meta.url));
interface Recording {
  readonly headers: Record<string, string>;
  readonly rawBody: string;
  readonly publicKey?: string;
  readonly signingSecret?: string;
}
const read = (name: string) => JSON.parse(readFileSync(recorded(name), 'utf8')) as Recording;
const missing = !existsSync(recorded('sendgrid/webhook-signed-single'));
if (missing) console.warn('The recorded webhooks are not here (../shared/vendors/recorded), so they are not verified.');

describe.skipIf(missing)('recorded deliveries', () => {
  const sendgrid = (): { signature: Signature; headers: Headers; raw: Uint8Array; at: number } => {
    const recording = read('sendgrid/webhook-signed-single');
    const signature: Signature = {
      kind: 'ecdsa-p256',
      key: recording.publicKey ?? '',
      header: 'X-Twilio-Email-Event-Webhook-Signature',
      encoding: 'base64',
      over: ['timestamp', 'body'],
      timestampHeader: 'X-Twilio-Email-Event-Webhook-Timestamp',
    };
    const at = Number(recording.headers['X-Twilio-Email-Event-Webhook-Timestamp']) * 1_000;
    return { signature, headers: new Headers(recording.headers), raw: bytes(recording.rawBody), at };
  };

  test('SendGrid’s delivery verifies at its time', async () => {
    const { signature, headers, raw, at } = sendgrid();
    await expect(verifySignature(signature, headers, raw, at + 1_000)).resolves.toBeUndefined();
  });

  test('SendGrid’s delivery is refused if one byte is changed, or the last line end is cut', async () => {
    const { signature, headers, raw, at } = sendgrid();
    const changed = raw.slice();
    changed[10] = (changed[10] ?? 0) ^ 1;
    await expect(verifySignature(signature, headers, changed, at)).rejects.toThrow('does not match');
    await expect(verifySignature(signature, headers, raw.subarray(0, -2), at)).rejects.toThrow('does not match');
  });

  test('SendGrid’s delivery is refused an hour later', async () => {
    const { signature, headers, raw, at } = sendgrid();
    await expect(verifySignature(signature, headers, raw, at + 3_600_000)).rejects.toThrow('more than five minutes');
  });

  const zendesk = (key: string): Signature => ({
    kind: 'hmac-sha256',
    key,
    header: 'X-Zendesk-Webhook-Signature',
    encoding: 'base64',
    over: ['timestamp', 'body'],
    timestampHeader: 'X-Zendesk-Webhook-Signature-Timestamp',
  });

  test('a signature over the parts in the order that Zendesk used before its release is refused', async () => {
    const { headers, rawBody, signingSecret = '' } = read('zendesk/webhook-signature-legacy-vector');
    const at = Date.parse(headers['X-Zendesk-Webhook-Signature-Timestamp'] ?? '');
    await expect(verifySignature(zendesk(signingSecret), new Headers(headers), bytes(rawBody), at)).rejects.toThrow('does not match');
    const legacy: Signature = { ...zendesk(signingSecret), over: ['body', 'timestamp'] };
    await expect(verifySignature(legacy, new Headers(headers), bytes(rawBody), at)).resolves.toBeUndefined();
  });

  test('a signature with Zendesk’s documented test secret verifies', async () => {
    const secret = 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==';
    const timestamp = new Date(now).toISOString();
    const headers = new Headers({
      'X-Zendesk-Webhook-Signature': hmac('sha256', secret, [timestamp, body], 'base64'),
      'X-Zendesk-Webhook-Signature-Timestamp': timestamp,
    });
    await expect(verifySignature(zendesk(secret), headers, body, now)).resolves.toBeUndefined();
  });
});
