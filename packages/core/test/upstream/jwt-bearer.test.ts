import { createVerify, generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { memoryState } from '../../src/index.ts';
import { manualClock, startSimulator, type Simulator } from '../../src/testing/index.ts';
import { codeOf, textOf } from '../support/acme.ts';
import { vaultHost, type VaultOptions } from './vault.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

let clock: ReturnType<typeof manualClock>;
let vendor: Simulator;
/** How far the vendor's clock is ahead of ours. */
let skewMs: number;
let issued: number;

const declared = JSON.stringify([
  { alg: 'RS256', typ: 'JWT' },
  { iss: 'client-1', sub: 'robot@vault.example', aud: 'https://login.vault.example', exp: 0 },
]);

// Accepts an assertion as Salesforce does: signed, meant for it, not expired, and expiring within three minutes.
function refusalOf(assertion: string): string | undefined {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(assertion)) return 'it is not base64url';
  const [header = '', payload = '', signature = ''] = assertion.split('.');
  const read = (part: string): object => JSON.parse(Buffer.from(part, 'base64url').toString()) as object;
  const verify = createVerify('RSA-SHA256').update(`${header}.${payload}`);
  if (!verify.verify(publicKey, signature, 'base64url')) return 'the signature is wrong';
  const claims = read(payload) as { exp: number };
  const seen = JSON.stringify([read(header), { ...claims, exp: 0 }]);
  if (seen !== declared) return `it says ${seen}`;
  const leftMs = claims.exp * 1000 - (clock.now() + skewMs);
  return leftMs <= 0 ? 'it has ended' : leftMs > 180_000 ? 'it is good for too long' : undefined;
}

beforeEach(async () => {
  clock = manualClock();
  skewMs = 0;
  issued = 0;
  vendor = await startSimulator({
    routes: {
      'POST /oauth/token': ({ body }) => {
        const { grant_type, assertion } = body as { grant_type: string; assertion: string };
        const refusal = grant_type === 'urn:ietf:params:oauth:grant-type:jwt-bearer' ? refusalOf(assertion) : grant_type;
        if (refusal !== undefined) return { status: 400, body: { error: 'invalid_grant', error_description: `${refusal}: ${assertion}` } };
        return { status: 200, body: { access_token: `access-${(issued += 1)}` } };
      },
      'GET /thing': ({ headers }) =>
        headers['authorization'] === `Bearer access-${issued}` ? { status: 200, body: {} } : { status: 401, body: {} },
    },
  });
});
afterEach(() => vendor.close());

const host = (options: Partial<VaultOptions> = {}) =>
  vaultHost({
    vendor,
    secret: pem,
    clock,
    authorization: (key) => ({
      kind: 'jwt-bearer',
      tokenUrl: 'https://api.vault.example/oauth/token',
      body: 'form',
      issuer: 'client-1',
      subject: 'robot@vault.example',
      audience: 'https://login.vault.example',
      privateKey: key,
    }),
    ...options,
  });

const assertions = () =>
  vendor.requests.filter(({ path }) => path === '/oauth/token').map(({ body }) => (body as { assertion: string }).assertion);

test('a hundred calls exchange one signed assertion for a token', async () => {
  const { read } = host();
  const answers = await Promise.all(Array.from({ length: 100 }, () => read()));
  expect(answers.every(({ isError }) => !isError)).toBe(true);
  expect(assertions()).toHaveLength(1);
});

test.each([-59_000, 115_000])('a vendor whose clock is %i ms ahead accepts the assertion', async (ms) => {
  skewMs = ms;
  expect((await host().read()).isError).toBeUndefined();
});

test('a second replica uses the token that the first one stored', async () => {
  const state = memoryState();
  await host({ state }).read();
  expect((await host({ state }).read()).isError).toBeUndefined();
  expect(issued).toBe(1);
});

test('a token that the vendor refuses is renewed with a new assertion', async () => {
  const { read } = host();
  await read();
  issued += 1;
  await clock.advance(1_000);
  expect((await read()).isError).toBeUndefined();
  expect(new Set(assertions()).size).toBe(2);
});

test('the refusal of an assertion says what a person must check, and shows neither the assertion nor the key', async () => {
  skewMs = 200_000;
  const { read, lines } = host();
  const answer = await read();
  expect(codeOf(answer)).toBe('UNAUTHENTICATED');
  expect(textOf(answer)).toContain('(invalid_grant)');
  expect(textOf(answer)).toContain('audience');
  const [assertion = 'none'] = assertions();
  const seen = JSON.stringify(answer) + lines.join('\n');
  expect(seen).not.toContain(assertion);
  expect(seen).not.toContain(pem.slice(100, 140));
});

test('an assertion that the vendor repeats is redacted', async () => {
  const { read } = host();
  await read();
  vendor.misbehave({ kind: 'status', status: 200, match: 'GET /thing', body: { seen: `You sent ${assertions()[0]}` } });
  expect((await read()).structuredContent).toEqual({ seen: 'You sent [redacted]' });
});

test.each([
  ['as the two characters \\ and n', pem.trim().replaceAll('\n', '\\n')],
  ['as the characters of \\r\\n', pem.trim().replaceAll('\n', '\\r\\n')],
  ['as CRLF', pem.replaceAll('\n', '\r\n')],
  ['as blanks', pem.replaceAll('\n', ' ')],
  ['not at all', pem.replaceAll('\n', '')],
])('a key with its line ends written %s is read', async (_, key) => {
  expect((await host({ secret: key }).read()).isError).toBeUndefined();
});

test.each([
  ['of another form', privateKey.export({ type: 'pkcs1', format: 'pem' }) as string],
  ['of another kind', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string],
  ['that is not a key', 'canary-key'],
])('a key %s is a fault of the settings, and no error shows it', async (_, key) => {
  const { read, lines } = host({ secret: key });
  const answer = await read();
  expect(codeOf(answer)).toBe('CONNECTION_INVALID');
  expect(textOf(answer)).toContain('openssl pkcs8');
  expect(JSON.stringify(answer) + lines.join('\n')).not.toContain(key.slice(-60, -30).trim() || key);
  expect(vendor.requests).toEqual([]);
});
