import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { cockatielResilience } from '../../src/adapters/cockatiel.ts';
import { gotHttpClient } from '../../src/adapters/got.ts';
import {
  createHost,
  defineConnector,
  localPrincipal,
  memoryConnections,
  memoryState,
  secret,
  type Answer,
  type Context,
} from '../../src/index.ts';
import { manualClock, startSimulator, type Simulator } from '../../src/testing/index.ts';
import { codeOf, textOf } from '../support/acme.ts';

const vault = defineConnector({
  spec: 'v1',
  id: 'vault',
  config: z.object({
    clientSecret: secret(z.string()),
    form: z.boolean().default(false),
    tokenUrl: z.string().default('https://api.vault.example/oauth/token'),
  }),
  origins: () => ['https://api.vault.example', 'https://*.shard.vault.example'],
  authorization: ({ clientSecret, form, tokenUrl }) => ({
    kind: 'client-credentials',
    tokenUrl,
    clientId: 'me',
    clientSecret,
    body: form ? 'form' : 'json',
    scope: 'read',
    ttlMs: 900_000,
    ...(form && { origin: (token) => String(token['instance_url']) }),
  }),
  open: ({ http }) => ({
    read: (context: Context) =>
      http.request({ method: 'GET', path: '/thing', response: z.object({ seen: z.string().optional() }) }, context),
  }),
  tools: (tool) => [
    tool({
      name: 'vault_read_thing',
      description: 'Reads.',
      effect: 'read',
      input: z.object({}),
      output: z.object({ seen: z.string().optional() }),
      run: async (_, client, context) => (await client.read(context)).data,
    }),
  ],
});

let vendor: Simulator;
let issued: number;
let good: (token: string) => boolean;
let tokenAnswer: (token: string) => object;

beforeEach(async () => {
  issued = 0;
  good = () => true;
  tokenAnswer = (token) => ({ access_token: token, expires_in: 1800 });
  vendor = await startSimulator({
    routes: {
      'POST /oauth/token': () => ({ status: 200, body: tokenAnswer(`token-${(issued += 1)}`) }),
      'GET /thing': ({ headers }) =>
        good(headers['authorization'] ?? '') ? { status: 200, body: {} } : { status: 401, body: { error: 'expired' } },
    },
  });
});
afterEach(() => vendor.close());

function vaultHost({ clock = manualClock(), state = memoryState(), config = {} } = {}) {
  const host = createHost({
    connectors: [vault],
    connections: memoryConnections([{ connector: 'vault', config: { clientSecret: 'canary-secret', ...config } }]),
    httpClient: gotHttpClient(),
    resilience: cockatielResilience({ clock, backoffMs: 0 }),
    remapOrigins: { 'https://api.vault.example': vendor.url, 'https://eu.shard.vault.example': vendor.url },
    clock,
    state,
  });
  const read = async (signal = new AbortController().signal): Promise<Answer> => {
    const result = await host.call({ principal: localPrincipal, tool: 'vault_read_thing', arguments: {}, signal });
    if (result.kind === 'ask') throw new Error('asked');
    return result.answer;
  };
  return { read, clock, state };
}

const tokenRequests = () => vendor.requests.filter(({ path }) => path === '/oauth/token');

test('fifty simultaneous calls fetch one token', async () => {
  const { read } = vaultHost();
  const answers = await Promise.all(Array.from({ length: 50 }, () => read()));
  expect(answers.every(({ isError }) => !isError)).toBe(true);
  expect(tokenRequests()).toHaveLength(1);
  expect(tokenRequests()[0]?.body).toEqual({
    grant_type: 'client_credentials',
    client_id: 'me',
    client_secret: 'canary-secret',
    scope: 'read',
  });
});

test('a token is replaced shortly before it expires', async () => {
  const { read, clock } = vaultHost();
  await read();
  await clock.advance(1_769_000);
  await read();
  expect(issued).toBe(1);
  await clock.advance(1_000);
  await read();
  expect(issued).toBe(2);
});

test.each(['a\r\nx-forged: b', 'a\u0000', '\u{1F600}', 'é'])(
  'a token that no header can hold (%j) is no token, and no request is sent with it',
  async (token) => {
    tokenAnswer = () => ({ access_token: token });
    const answer = await vaultHost().read();
    expect(codeOf(answer)).toBe('UPSTREAM_INVALID');
    expect(textOf(answer)).toContain('The vendor’s token answer holds no access token.');
    expect(vendor.requests.filter(({ path }) => path === '/thing')).toEqual([]);
  },
);

test.each([301, 302, 307, 308])('a token endpoint that points to another host with a %i is a fault of the settings', async (status) => {
  vendor.misbehave({ kind: 'status', status, match: 'POST /oauth/token', headers: { location: 'https://new.vault.example/oauth?x=1' } });
  const answer = await vaultHost().read();
  expect(codeOf(answer)).toBe('CONNECTION_INVALID');
  expect(textOf(answer)).toContain('The vendor gave no token: api.vault.example did nothing, and points to new.vault.example: ');
  expect(tokenRequests()).toHaveLength(1);
});

test.each([404, 410])('a host that has no token endpoint (%i) is a fault of the settings, and not a missing record', async (status) => {
  vendor.misbehave({ kind: 'status', status, match: 'POST /oauth/token', body: '<html>' });
  const answer = await vaultHost().read();
  expect(codeOf(answer)).toBe('CONNECTION_INVALID');
  expect(textOf(answer)).toContain('The vendor gave no token: api.vault.example has no token endpoint');
  expect(textOf(answer)).not.toContain('record');
});

test.each([{}, { expires_in: null }, { expires_in: 0 }])(
  'a token whose lifetime the vendor does not state (%o) lives as long as declared',
  async (life) => {
    tokenAnswer = (token) => ({ access_token: token, ...life });
    const { read, clock } = vaultHost();
    await read();
    await clock.advance(869_000);
    await read();
    expect(issued).toBe(1);
    await clock.advance(1_000);
    await read();
    expect(issued).toBe(2);
  },
);

test('a token’s lifetime counts from its request, not from the answer', async () => {
  const { read, clock } = vaultHost();
  vendor.misbehave({ kind: 'hang', match: 'POST /oauth/token' });
  const first = read();
  await vendor.received('POST /oauth/token');
  await clock.advance(5_000);
  vendor.recover();
  await first;
  await clock.advance(1_765_000);
  await read();
  expect(issued).toBe(2);
});

test('a token that the vendor refuses is renewed once, and the request is sent again', async () => {
  const { read } = vaultHost();
  good = (header) => header === 'Bearer token-2';
  expect((await read()).isError).toBeUndefined();
  expect(issued).toBe(2);
  expect(vendor.requests.map(({ path }) => path)).toEqual(['/oauth/token', '/thing', '/oauth/token', '/thing']);
});

test('a token that expires during a call is not used again', async () => {
  const { read } = vaultHost();
  await read();
  vendor.misbehave({ kind: 'expire' });
  expect((await Promise.all([read(), read()])).map(({ isError }) => isError)).toEqual([undefined, undefined]);
  expect((await read()).isError).toBeUndefined();
  expect(issued).toBe(2);
  expect(vendor.requests.at(-1)?.headers['authorization']).toBe('Bearer token-2');
});

test('fifty calls whose token is refused fill all slots of the connection, and the renewal needs none of them', async () => {
  const { read, clock } = vaultHost();
  await read();
  const startedAt = clock.now();
  good = (header) => header !== 'Bearer token-1';
  const answers = await Promise.all(Array.from({ length: 50 }, () => read()));
  expect(answers.every(({ isError }) => !isError)).toBe(true);
  expect(issued).toBe(2);
  expect(clock.now()).toBe(startedAt);
});

test('a token request leaves no timer behind', async () => {
  const clock = manualClock();
  await vaultHost({ clock }).read();
  // The timer that watches all calls fires once more, and ends with the last call.
  await clock.advance(1_000);
  expect(clock.sleeping).toBe(0);
});

test('the error shows no part of the vendor’s reason except a code of the standard', async () => {
  const { read } = vaultHost();
  vendor.misbehave({ kind: 'status', status: 401, match: 'POST /oauth/token', body: { error: 'You sent token-0' } });
  expect(textOf(await read())).not.toContain('You sent');
});

test('a credential whose new token is refused too ends as UNAUTHENTICATED after one renewal', async () => {
  const { read } = vaultHost();
  good = () => false;
  const answer = await read();
  expect(codeOf(answer)).toBe('UNAUTHENTICATED');
  expect(issued).toBe(2);
});

test('a second replica uses the token that the first one stored', async () => {
  const state = memoryState();
  await vaultHost({ state }).read();
  await vaultHost({ state }).read();
  expect(issued).toBe(1);
});

test('replicas that get tokens at the same time continue with one of them', async () => {
  const state = memoryState();
  const [one, two] = [vaultHost({ state }), vaultHost({ state })];
  vendor.misbehave({ kind: 'hang', match: 'POST /oauth/token', times: 2 });
  const reads = Promise.all([one.read(), two.read()]);
  await vendor.received('POST /oauth/token', 2);
  vendor.recover();
  await reads;
  await one.read();
  await two.read();
  expect(issued).toBe(2);
  const [mine, other] = vendor.requests.slice(-2).map(({ headers }) => headers['authorization']);
  expect(mine).toBe(other);
});

test('a token answer may name the origin to send to, if that origin is declared', async () => {
  tokenAnswer = (token) => ({ access_token: token, instance_url: 'https://eu.shard.vault.example' });
  const { read } = vaultHost({ config: { form: true } });
  expect((await read()).isError).toBeUndefined();
  expect(tokenRequests()[0]?.rawBody).toBe('grant_type=client_credentials&client_id=me&client_secret=canary-secret&scope=read');
  expect(vendor.requests.at(-1)?.headers['host']).toBe('eu.shard.vault.example');
  tokenAnswer = (token) => ({ access_token: token, instance_url: 'https://evil.example' });
  expect(codeOf(await vaultHost({ config: { form: true } }).read())).toBe('UPSTREAM_INVALID');
});

test('the refusal of an OAuth client says who must do what, and never the secret', async () => {
  const { read } = vaultHost();
  vendor.misbehave({ kind: 'status', status: 401, match: 'POST /oauth/token', body: { error: 'invalid_client', seen: 'canary-secret' } });
  const answer = await read();
  expect(codeOf(answer)).toBe('UNAUTHENTICATED');
  expect(textOf(answer)).toContain('OAuth client');
  expect(JSON.stringify(answer)).not.toContain('canary');
});

test('the refusal of a client that may not act for itself differs from the refusal of a wrong client', async () => {
  const { read } = vaultHost();
  vendor.misbehave({ kind: 'status', status: 400, match: 'POST /oauth/token', body: { error: 'invalid_grant' } });
  const answer = await read();
  expect(codeOf(answer)).toBe('UNAUTHENTICATED');
  expect(textOf(answer)).toContain('Someone must allow this OAuth client to act for itself');
});

test('a caller that leaves does not end the renewal that others wait for', async () => {
  const { read } = vaultHost();
  vendor.misbehave({ kind: 'hang', match: 'POST /oauth/token' });
  const abort = new AbortController();
  const leaving = read(abort.signal);
  const staying = read();
  await vendor.received('POST /oauth/token');
  abort.abort();
  expect(codeOf(await leaving)).toBe('CANCELLED');
  vendor.recover();
  expect((await staying).isError).toBeUndefined();
  expect(issued).toBe(1);
});

test('a token URL outside the declared origins is a fault of the connector, and gets no secret', async () => {
  const { read } = vaultHost({ config: { tokenUrl: 'https://evil.example/oauth/token' } });
  expect(codeOf(await read())).toBe('INTERNAL');
  expect(vendor.requests).toEqual([]);
});

test('new settings start without the token of the old settings', async () => {
  const state = memoryState();
  await vaultHost({ state }).read();
  await vaultHost({ state, config: { clientSecret: 'canary-rotated' } }).read();
  expect(issued).toBe(2);
});

test('an issued token is redacted like the settings’ own secrets', async () => {
  const { read } = vaultHost();
  tokenAnswer = () => ({ access_token: 'canary-token-1', expires_in: 1800 });
  vendor.misbehave({ kind: 'status', status: 200, match: 'GET /thing', body: { seen: 'canary-token-1' } });
  expect(JSON.stringify(await read())).not.toContain('canary');
});

test('a state that fails costs one more token, and fails no call', async () => {
  const failing = async (): Promise<never> => Promise.reject(new Error('the store is down'));
  const { read } = vaultHost({ state: { open: () => ({ get: failing, set: failing, log: memoryState().open('x').log }) } });
  expect((await read()).isError).toBeUndefined();
  expect((await read()).isError).toBeUndefined();
  expect(issued).toBe(1);
});
