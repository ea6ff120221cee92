import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineConnector, memoryState, type LogSpec, type State } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { receiveWebhook, type Receipt } from '../../src/webhooks/receive-webhook.ts';

const Event = z.object({ id: z.string().optional(), ticket: z.string(), kind: z.enum(['created', 'closed']) });
const log = { name: 'events', entry: Event, max: 3, whenFull: 'refuse' } as const satisfies LogSpec;
const acme = defineConnector({
  spec: 'v1',
  id: 'acme',
  config: z.object({ webhookKey: z.string() }),
  open: () => ({}),
  webhook: {
    log,
    signature: ({ webhookKey }) => ({ kind: 'hmac-sha256', key: webhookKey, header: 'X-Signature', encoding: 'hex', over: ['body'] }),
    events: (body) =>
      z
        .array(z.looseObject({ id: z.string().optional(), ticket: z.string() }).or(z.null()))
        .parse(body)
        .map((value) => (value === null ? undefined : { id: value.id, key: value.ticket, value })),
  },
  tools: () => [],
});

async function deliver(body: string | Uint8Array, state: State, sign: string | Uint8Array = body): Promise<Receipt> {
  const headers = new Headers({ 'X-Signature': createHmac('sha256', 'secret').update(sign).digest('hex') });
  const raw = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  return await receiveWebhook({ connector: acme, config: { webhookKey: 'secret' }, state, headers, body: raw, clock: manualClock() });
}

const event = (id: string, kind = 'created') => ({ id, ticket: 't1', kind, extra: 'dropped' });
const stored = async (state: State) => (await state.log(log).read({ limit: 10 })).entries;

test('stores the fields of the events that the schema knows, with their keys, before it resolves', async () => {
  const state = memoryState().open('conn-1');
  await deliver(JSON.stringify([event('e1'), event('e2', 'closed')]), state);
  expect(await stored(state)).toEqual([
    { id: 'e1', key: 't1', value: { id: 'e1', ticket: 't1', kind: 'created' } },
    { id: 'e2', key: 't1', value: { id: 'e2', ticket: 't1', kind: 'closed' } },
  ]);
});

test('an event has no half of a character, and keeps the digits of a long id', async () => {
  const state = memoryState().open('conn-1');
  await deliver(`[{"id":"e1","ticket":"t\\ud83d","kind":"created"}]`, state);
  expect(await stored(state)).toMatchObject([{ key: 't\uFFFD', value: { ticket: 't\uFFFD' } }]);
  // The schema of the events accepts a string, so the number does not become another number.
  await deliver('[{"id":12345678901234567890,"ticket":"t","kind":"created"}]', state);
  expect((await stored(state)).map(({ id }) => id)).toEqual(['e1', '12345678901234567890']);
});

test('a delivery that arrives twice is stored once', async () => {
  const state = memoryState().open('conn-1');
  for (let n = 0; n < 2; n += 1) await deliver(JSON.stringify([event('e1')]), state);
  expect(await stored(state)).toHaveLength(1);
});

test('refuses a body that was not signed, before it is parsed', async () => {
  const state = memoryState().open('conn-1');
  await expect(deliver('not json', state, 'other')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(deliver(JSON.stringify([event('e1')]), state, '[]')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(await stored(state)).toEqual([]);
});

test('bytes that are not text become U+FFFD in their event, and lose no other event', async () => {
  const state = memoryState().open('conn-1');
  await deliver(Buffer.from(JSON.stringify([event('e1'), event('e2')]).replace('t1', 'té'), 'latin1'), state);
  expect((await stored(state)).map(({ id, key }) => [id, key])).toEqual([
    ['e1', 't\uFFFD'],
    ['e2', 't1'],
  ]);
});

test.each([
  ['broken JSON', '[{'],
  ['an empty body', ''],
  ['a body of another shape', '{"id":"e1"}'],
  [
    'an event of more than 1,000 keys',
    JSON.stringify([{ ...event('e1'), ...Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [n, 1])) }]),
  ],
  ['more than 50,000 values', JSON.stringify([{ ...event('e1'), extra: Array<number>(50_000).fill(1) }])],
  [
    'a body that is nested deeper than 64 levels',
    `[{"id":"e1","ticket":"t1","kind":"created","extra":${'['.repeat(63)}${']'.repeat(63)}}]`,
  ],
])('refuses %s as a whole, without the reason', async (_, body) => {
  const state = memoryState().open('conn-1');
  const attempt = deliver(body, state);
  await expect(attempt).rejects.toMatchObject({ code: 'INVALID_INPUT', message: 'The body is not in the form that this webhook accepts.' });
  expect(await stored(state)).toEqual([]);
});

test('events that cannot be read are counted, and the others are stored', async () => {
  const state = memoryState().open('conn-1');
  const receipt = await deliver(JSON.stringify([event('e1', 'exploded'), null, event('e2'), event('e3', 'burnt')]), state);
  expect(receipt).toEqual({
    kept: 1,
    leftOut: 3,
    cause: expect.objectContaining({ issues: [expect.objectContaining({ path: ['kind'] })] }),
  });
  expect((await stored(state)).map(({ id }) => id)).toEqual(['e2']);
  expect(await deliver(JSON.stringify([null]), state)).toEqual({ kept: 0, leftOut: 1, cause: undefined });
});

test.each([[undefined], [''], ['x'.repeat(256)]])('an event with the id %j is stored once, by its content', async (id) => {
  const state = memoryState().open('conn-1');
  const { id: _, ...rest } = event('e');
  const reversed = Object.fromEntries(Object.entries({ id, ...rest }).toReversed());
  for (const body of [[{ id, ...rest }], [reversed], [{ id, ...rest, ticket: 't2' }]]) await deliver(JSON.stringify(body), state);
  expect((await stored(state)).map(({ id: given, key }) => [given.length, key])).toEqual([
    [25, 't1'],
    [25, 't2'],
  ]);
});

test('a form is read by its fields', async () => {
  const state = memoryState().open('conn-1');
  const seen: unknown[] = [];
  const forms = { ...acme, webhook: { ...acme.webhook, events: (body: unknown) => (seen.push(body), []) } } as typeof acme;
  const send = (text: string) => {
    const body = new TextEncoder().encode(text);
    const headers = new Headers({
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'X-Signature': createHmac('sha256', 'secret').update(body).digest('hex'),
    });
    return receiveWebhook({ connector: forms, config: { webhookKey: 'secret' }, state, headers, body, clock: manualClock() });
  };
  await send('a=1&b=%C3%A9+x&__proto__=p');
  expect(seen).toEqual([
    Object.fromEntries([
      ['a', '1'],
      ['b', 'é x'],
      ['__proto__', 'p'],
    ]),
  ]);
  await expect(send(Array.from({ length: 1_001 }, (_, n) => `f${n}=1`).join('&'))).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('a challenge in a signed body is returned, and stores nothing', async () => {
  const state = memoryState().open('conn-1');
  const challenged = { ...acme, webhook: { ...acme.webhook, challenge: () => ({ in: 'body', field: 'challenge' }) } } as typeof acme;
  const send = (value: unknown, key = 'secret') => {
    const body = new TextEncoder().encode(JSON.stringify(value));
    const headers = new Headers({ 'X-Signature': createHmac('sha256', key).update(body).digest('hex') });
    return receiveWebhook({ connector: challenged, config: { webhookKey: 'secret' }, state, headers, body, clock: manualClock() });
  };
  const check = { token: 'Jhj5dZrVaK7ZwHHjRyZWjbDl', challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALMWHnXJ3', type: 'url_verification' };
  expect(await send(check)).toEqual({ challenge: check.challenge });
  expect(await send([event('e1')])).toEqual({ kept: 1, leftOut: 0, cause: undefined });
  await expect(send(check, 'other')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(send({ challenge: 'x'.repeat(1_001) })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  expect(await stored(state)).toHaveLength(1);
});

test('asks the vendor to resend events that could not be stored', async () => {
  const state = memoryState().open('conn-1');
  await deliver(JSON.stringify([event('e1'), event('e2'), event('e3')]), state);
  await expect(deliver(JSON.stringify([event('e4')]), state)).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: { code: 'STATE_FULL' } });
});

test('a connector without a webhook accepts no delivery', async () => {
  const { webhook: _, ...without } = acme;
  const delivery = {
    connector: without,
    config: {},
    state: memoryState().open('c'),
    headers: new Headers(),
    body: new Uint8Array(),
    clock: manualClock(),
  };
  await expect(receiveWebhook(delivery)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
