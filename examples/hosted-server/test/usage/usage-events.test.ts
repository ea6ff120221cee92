import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { silentLogger, type UsageRecord } from '@busbar/core';
import { manualClock } from '@busbar/core/testing';
import { openDatabase } from '@busbar/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from '../../src/settings/config.ts';
import { openUsageOutbox, sendUsageEvents, type UsageEventsOptions } from '../../src/usage/usage-events.ts';
import { dataFolder } from '../server-process.ts';
import { startUsageReceiver, type UsageReceiver } from './usage-receiver.ts';

let stack = new AsyncDisposableStack();
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

const token = 'hush-hush-hush';
const start = Date.UTC(2026, 0, 2);
const staying = new AbortController().signal;
const record = (callId: string): UsageRecord => ({
  callId,
  tenant: 'acme',
  key: 'key_1',
  connector: 'zendesk',
  connection: 'con_1',
  tool: 'zendesk_create_ticket',
  status: 'executed',
  units: 3,
  price: 20_000,
  upstreamRequests: 2,
  bytesOut: 400,
  tokensOut: 100,
  startedAt: start,
  endedAt: start + 1_000,
});
const records = (count: number) => Array.from({ length: count }, (_, index) => record(`call-${index}`));
const senderTo = ({ url }: UsageReceiver, over: Partial<UsageEventsOptions> = {}) =>
  sendUsageEvents({
    url,
    token,
    format: 'openmeter',
    type: 'busbar.call',
    value: 'units',
    customers: {},
    clock: manualClock(start),
    ...over,
  });
const statuses = (deliveries: readonly { status: string }[]) => deliveries.map(({ status }) => status);

test('OpenMeter gets a batch of CloudEvents in one request', async () => {
  const receiver = await startUsageReceiver(stack);
  expect(await senderTo(receiver)(records(2), staying)).toEqual([{ status: 'delivered' }, { status: 'delivered' }]);
  expect(receiver.received).toHaveLength(1);
  expect(receiver.received[0]?.headers).toMatchObject({
    'content-type': 'application/cloudevents-batch+json',
    authorization: `Bearer ${token}`,
  });
  expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject([
    { specversion: '1.0', id: 'call-0', source: 'busbar', type: 'busbar.call', subject: 'acme', data: { units: 3, price: '0.020000' } },
    { id: 'call-1' },
  ]);
});

test('Stripe gets each event in its own request, for the customer of its tenant', async () => {
  const receiver = await startUsageReceiver(stack);
  const send = senderTo(receiver, { format: 'stripe', type: 'busbar_call', customers: { acme: 'cus_1' } });
  expect(statuses(await send([record('a'), { ...record('b'), tenant: 'constructor' }], staying))).toEqual(['delivered', 'delivered']);
  const forms = receiver.received.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
  expect(forms.sort((a, b) => String(a['identifier']).localeCompare(String(b['identifier'])))).toEqual([
    {
      event_name: 'busbar_call',
      identifier: 'a',
      timestamp: String(start / 1_000),
      'payload[stripe_customer_id]': 'cus_1',
      'payload[value]': '3',
    },
    expect.objectContaining({ identifier: 'b', 'payload[stripe_customer_id]': 'constructor' }),
  ]);
  expect(receiver.received[0]?.headers).toMatchObject({ authorization: `Bearer ${token}` });
  expect(receiver.received[0]?.headers).not.toHaveProperty('idempotency-key');
});

const answerWith =
  (status: number, body = '', headers = {}) =>
  (response: ServerResponse) => {
    response.writeHead(status, headers).end(body);
    return true;
  };

test('an event that OpenMeter refuses does not hold up the others', async () => {
  const receiver = await startUsageReceiver(
    stack,
    ({ ids }, response) => ids.includes('call-63') && answerWith(400, 'subject is not known')(response),
  );
  const deliveries = await senderTo(receiver)(records(100), staying);
  expect(deliveries[63]).toEqual({ status: 'refused', reason: 'status 400: subject is not known' });
  expect(deliveries.filter(({ status }) => status === 'delivered')).toHaveLength(99);
  expect(receiver.counted.size).toBe(99);
  expect([...receiver.counted.values()].every((times) => times === 1)).toBe(true);
  expect(receiver.received.length).toBeLessThanOrEqual(16);
});

test('an event that Stripe already has counts as delivered', async () => {
  const body = JSON.stringify({ error: { message: 'An event already exists with identifier call-0.', type: 'invalid_request_error' } });
  const receiver = await startUsageReceiver(stack, (_, response) => answerWith(400, body)(response));
  expect(statuses(await senderTo(receiver, { format: 'stripe' })(records(1), staying))).toEqual(['delivered']);
  expect(statuses(await senderTo(receiver)(records(1), staying))).toEqual(['refused']);
});

test.each([301, 307, 401, 403, 404, 429, 500, 503])(
  'a status of %i means a later retry, and is not the fault of an event',
  async (status) => {
    const elsewhere = await startUsageReceiver(stack);
    const receiver = await startUsageReceiver(stack, (_, response) => answerWith(status, '', { location: elsewhere.url })(response));
    expect(await senderTo(receiver)(records(4), staying)).toEqual(
      records(4).map(() => ({ status: 'later', reason: `status ${status}`, retryAfterMs: undefined })),
    );
    expect(receiver.received).toHaveLength(1);
    expect(elsewhere.received).toEqual([]);
  },
);

test.each([
  ['120', 120_000],
  ['0', 0],
  [new Date(start + 90_000).toUTCString(), 90_000],
  [new Date(start - 90_000).toUTCString(), 0],
  ['soon', undefined],
])('Retry-After %j is respected', async (retryAfter, retryAfterMs) => {
  const receiver = await startUsageReceiver(stack, (_, response) => answerWith(429, '', { 'retry-after': retryAfter })(response));
  expect(await senderTo(receiver)(records(1), staying)).toEqual([{ status: 'later', reason: 'status 429', retryAfterMs }]);
});

test('Stripe gets ten events at a time, and none after it asks to wait', async () => {
  let open = 0;
  let most = 0;
  let answered = 0;
  const receiver = await startUsageReceiver(stack, (_, response, count) => {
    most = Math.max(most, (open += 1));
    setImmediate(() => {
      open -= 1;
      if ((answered += 1) === 15) return answerWith(429)(response);
      count();
      return answerWith(200, '{}')(response);
    });
    return true;
  });
  const deliveries = await senderTo(receiver, { format: 'stripe' })(records(100), staying);
  expect(most).toBeLessThanOrEqual(10);
  expect(deliveries).toHaveLength(20);
  expect(statuses(deliveries).filter((status) => status === 'later')).toHaveLength(1);
  expect(receiver.counted.size).toBe(19);
});

test('a token that the receiver echoes is not in the reason', async () => {
  // The answer is sent in two parts, split where the reason is cut.
  const receiver = await startUsageReceiver(stack, ({ headers }, response) => {
    const text = `${'x'.repeat(190)} ${headers.authorization}`;
    response.writeHead(400);
    // The client reads the first part before the second is sent.
    const later = (turns: number): void => void setImmediate(() => (turns > 0 ? later(turns - 1) : response.end(text.slice(200))));
    response.write(text.slice(0, 200), () => later(50));
    return true;
  });
  const [delivery] = await senderTo(receiver)(records(1), staying);
  expect(delivery).toMatchObject({ status: 'refused' });
  expect(JSON.stringify(delivery)).not.toContain('hu');
});

test('a refusal with an endless body is not read to its end', async () => {
  let closed: Promise<unknown> | undefined;
  const receiver = await startUsageReceiver(stack, (_, response) => {
    closed = once(response, 'close');
    response.writeHead(400);
    const more = () => void (response.destroyed || response.write('x'.repeat(10_000), () => setImmediate(more)));
    more();
    return true;
  });
  const [delivery] = await senderTo(receiver)(records(1), staying);
  expect(delivery).toEqual({ status: 'refused', reason: `status 400: ${'x'.repeat(200)}` });
  await closed;
});

test('a request that hangs ends after ten seconds, and so does its socket', async () => {
  const { promise: hangs, resolve } = Promise.withResolvers<{ readonly closed: Promise<unknown> }>();
  const receiver = await startUsageReceiver(stack, (_, response) => {
    resolve({ closed: once(response, 'close') });
    return true;
  });
  const clock = manualClock(start);
  const sent = senderTo(receiver, { clock })(records(1), staying);
  const { closed } = await hangs;
  await clock.advance(10_000);
  expect(await sent).toEqual([{ status: 'later', reason: 'no answer (AbortError)' }]);
  await closed;
  expect(clock.sleeping).toBe(0);
});

test('a request ends with the signal, and an address without a listener is retried later', async () => {
  const leaving = new AbortController();
  const receiver = await startUsageReceiver(stack, () => {
    leaving.abort();
    return true;
  });
  expect(await senderTo(receiver)(records(1), leaving.signal)).toEqual([{ status: 'later', reason: 'no answer (AbortError)' }]);
  const unreachable = { ...receiver, url: 'http://127.0.0.1:1/events' };
  expect(await senderTo(unreachable)(records(1), staying)).toEqual([
    { status: 'later', reason: expect.stringMatching(/^no answer \(\w+\)$/) },
  ]);
});

test.each(['openmeter', 'stripe'] as const)(
  'a receiver that fails, hangs, asks to wait and breaks connections counts every event (%s)',
  async (format) => {
    const faults: ((response: ServerResponse, count: () => void) => void)[] = [
      answerWith(500),
      () => {},
      answerWith(429, '', { 'retry-after': '7' }),
      (response) => response.destroy(),
      (response, count) => {
        count();
        response.destroy();
      },
      (response, count) => {
        count();
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => response.destroy());
      },
    ];
    const receiver = await startUsageReceiver(stack, (_, response, count) => {
      const fault = faults.shift();
      fault?.(response, count);
      return fault !== undefined;
    });
    const database = await openDatabase({ folder: await dataFolder(stack) });
    stack.defer(() => database.close());
    const ids = Array.from({ length: 120 }, (_, index) => `call-${index}`);
    const at = new Date(start);
    await database.db
      .insertInto('calls')
      .values(
        ids.map((call_id) => ({
          call_id,
          tenant: 'acme',
          principal: 'key_1',
          connector: 'zendesk',
          connection: 'con_1',
          tool: 'zendesk_create_ticket',
          effect: 'write',
          status: 'executed',
          started_at: at,
          ended_at: at,
          replica: 'test',
        })),
      )
      .execute();
    await database.db
      .insertInto('usage_outbox')
      .values(ids.map((call_id) => ({ call_id, due_at: at })))
      .execute();

    const clock = manualClock(start);
    const config = readConfig({
      BUSBAR_USAGE_EVENTS_URL: receiver.url,
      BUSBAR_USAGE_EVENTS_TOKEN: token,
      BUSBAR_USAGE_EVENTS_FORMAT: format,
    });
    const outbox = openUsageOutbox(config, database, { clock, log: silentLogger });
    stack.defer(async () => outbox?.drain());
    outbox?.start();
    const left = async () => {
      await clock.advance(500);
      return (await database.db.selectFrom('usage_outbox').selectAll().execute()).length;
    };
    await expect.poll(left, { interval: 5, timeout: 20_000 }).toBe(0);
    expect([...receiver.counted.keys()].sort()).toEqual(ids.sort());
    expect(faults).toEqual([]);
    expect([...receiver.counted.values()].some((times) => times > 1)).toBe(true);
  },
);

test('without a URL there is no outbox', async () => {
  const database = await openDatabase({ folder: await dataFolder(stack) });
  stack.defer(() => database.close());
  expect(openUsageOutbox(readConfig({}), database, { clock: manualClock(), log: silentLogger })).toBeUndefined();
});
