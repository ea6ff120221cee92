import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Signature } from '../../src/index.ts';
import { verifySignature } from '../../src/webhooks/verify-signature.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

interface Vector {
  readonly vendor: string;
  readonly signature: Signature;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Seconds since the epoch. */
  readonly at: number;
}

/** Test vectors that the vendors publish with their documentation or SDKs, except for Stripe's, which publishes none. */
const vectors: readonly Vector[] = [
  {
    vendor: 'GitHub',
    signature: {
      kind: 'hmac-sha256',
      key: "It's a Secret to Everybody",
      header: 'X-Hub-Signature-256',
      prefix: 'sha256=',
      encoding: 'hex',
      over: ['body'],
    },
    headers: { 'X-Hub-Signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' },
    body: 'Hello, World!',
    at: 0,
  },
  {
    vendor: 'Slack',
    signature: {
      kind: 'hmac-sha256',
      key: '8f742231b10e8888abcd99yyyzzz85a5',
      header: 'X-Slack-Signature',
      prefix: 'v0=',
      encoding: 'hex',
      over: [{ text: 'v0:' }, 'timestamp', { text: ':' }, 'body'],
      timestampHeader: 'X-Slack-Request-Timestamp',
    },
    headers: {
      'X-Slack-Request-Timestamp': '1531420618',
      'X-Slack-Signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    },
    body:
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA' +
      '&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554' +
      '%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
    at: 1_531_420_618,
  },
  {
    vendor: 'Standard Webhooks',
    signature: {
      kind: 'hmac-sha256',
      key: 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      keyEncoding: 'base64',
      header: 'webhook-signature',
      separator: ' ',
      prefix: 'v1,',
      encoding: 'base64',
      over: [{ header: 'webhook-id' }, { text: '.' }, 'timestamp', { text: '.' }, 'body'],
      timestampHeader: 'webhook-timestamp',
    },
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,x v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
    body: '{"test": 2432232314}',
    at: 1_614_265_330,
  },
  {
    vendor: 'Twilio',
    signature: {
      kind: 'hmac-sha1',
      key: '12345',
      header: 'X-Twilio-Signature',
      encoding: 'base64',
      over: [{ text: 'https://mycompany.com/myapp.php?foo=1&bar=2' }, 'form'],
    },
    headers: { 'X-Twilio-Signature': 'RSOYDt4T1cUTdK1PDd93/VVr8B8=' },
    body: 'Digits=1234&CallSid=CA1234567890ABCDE&To=%2B18005551212&Caller=%2B14158675309&From=%2B14158675309',
    at: 0,
  },
  {
    vendor: 'Stripe',
    signature: {
      kind: 'hmac-sha256',
      key: 'whsec_test_secret',
      header: 'Stripe-Signature',
      separator: ',',
      prefix: 'v1=',
      timestampPrefix: 't=',
      encoding: 'hex',
      over: ['timestamp', { text: '.' }, 'body'],
    },
    headers: {
      'Stripe-Signature': `t=1492774577,v1=${'0'.repeat(64)},v1=${createHmac('sha256', 'whsec_test_secret').update('1492774577.{"id":"evt_1"}').digest('hex')},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39`,
    },
    body: '{"id":"evt_1"}',
    at: 1_492_774_577,
  },
];

describe.each(vectors)('the signature of $vendor', ({ signature, headers, body, at }) => {
  const verify = (change: { headers?: Record<string, string>; body?: string; signature?: Partial<Signature>; at?: number } = {}) =>
    verifySignature(
      { ...signature, ...change.signature },
      new Headers({ ...headers, ...change.headers }),
      bytes(change.body ?? body),
      (change.at ?? at) * 1_000,
    );
  const refused = { code: 'FORBIDDEN' };
  const isTimed = signature.over.includes('timestamp');

  test('verifies', async () => {
    await expect(verify()).resolves.toBeUndefined();
  });

  test('is refused for another body, another key, and without the header', async () => {
    await expect(verify({ body: `${body}&x=1` })).rejects.toMatchObject(refused);
    await expect(verify({ signature: { key: `A${signature.key.slice(1)}` } })).rejects.toMatchObject(refused);
    await expect(verify({ headers: { [signature.header]: '' } })).rejects.toMatchObject(refused);
  });

  test.skipIf(!isTimed)('is refused five minutes later, and with another time', async () => {
    await expect(verify({ at: at + 299 })).resolves.toBeUndefined();
    await expect(verify({ at: at + 301 })).rejects.toThrow('more than five minutes');
    const [name = '', value = ''] = Object.entries(headers).find(([, text]) => text.includes(String(at))) ?? [];
    const later = { [name]: value.replace(String(at), String(at + 1)) };
    await expect(verify({ headers: later })).rejects.toThrow('does not match');
    await expect(verify({ headers: { [name]: value.replace(String(at), 'soon') } })).rejects.toThrow(
      'the timestamp is missing or cannot be read',
    );
  });
});

const [, , standard] = vectors as [Vector, Vector, Vector];

test('a header that the signature covers must be there', async () => {
  const { 'webhook-id': _, ...without } = standard.headers;
  await expect(verifySignature(standard.signature, new Headers(without), bytes(standard.body), standard.at * 1_000)).rejects.toThrow(
    'a header that the signature covers is missing',
  );
});

test('at most 20 parts of a header are read', async () => {
  const valid = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  const verify = (others: number) => {
    const text = [...Array<string>(others).fill('v1,AAAA'), valid].join(' ');
    const headers = new Headers({ ...standard.headers, 'webhook-signature': text });
    return verifySignature(standard.signature, headers, bytes(standard.body), standard.at * 1_000);
  };
  await expect(verify(19)).resolves.toBeUndefined();
  await expect(verify(20)).rejects.toThrow('does not match');
});

test('a secret that is not base64 is refused, and someone must correct the setting', async () => {
  const signature = { ...standard.signature, key: 'whsec_x' };
  await expect(verifySignature(signature, new Headers(standard.headers), bytes(standard.body), standard.at * 1_000)).rejects.toThrow(
    'the connection’s secret cannot be read. Someone must correct its settings',
  );
});

test('the fields of a form are signed in any order, and equal fields once', async () => {
  const twilio = vectors.find(({ vendor }) => vendor === 'Twilio') as Vector;
  const fields = twilio.body.split('&').toReversed();
  const verify = (body: string) => verifySignature(twilio.signature, new Headers(twilio.headers), bytes(body), 0);
  await expect(verify([...fields, fields[0]].join('&'))).resolves.toBeUndefined();
  await expect(verify(fields.slice(1).join('&'))).rejects.toThrow('does not match');
});

test('a form with more than 1,000 fields is refused before they are read', async () => {
  const twilio = vectors.find(({ vendor }) => vendor === 'Twilio') as Vector;
  const verify = (fields: number) =>
    verifySignature(twilio.signature, new Headers(twilio.headers), bytes(Array(fields).fill('a=1').join('&')), 0);
  await expect(verify(1_000)).rejects.toThrow('does not match');
  await expect(verify(1_001)).rejects.toThrow('the body is not the form that the signature covers');
});
