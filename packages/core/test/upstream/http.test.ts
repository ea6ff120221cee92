import { expect, test } from 'vitest';
import { manualClock } from '../../src/testing/index.ts';
import { codeOf, textOf, useAcme, type Acme } from '../support/acme.ts';

let acme: Acme;
const host = useAcme((started) => (acme = started));

test('a remapped request carries the vendor’s own Host and the connection’s own credential', async () => {
  const { call } = host();
  await call('acme_get_item', { id: 'a/b?c' });
  await call('acme_get_item', { id: 'a', connection: 'two' });
  expect(acme.requests.map(({ headers }) => [headers['host'], headers['authorization']])).toEqual([
    ['api.acme.example', 'Bearer canary-token'],
    ['api.acme.example', 'Bearer canary-second'],
  ]);
  expect(acme.requests[0]?.params).toEqual({ id: 'a/b?c' });
});

test('a request to an undeclared origin is a fault of the connector, and is never sent', async () => {
  const { call } = host();
  expect(codeOf(await call('acme_stray_item', {}))).toBe('INTERNAL');
});

test('a redirect to the same host is not followed', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'status', status: 302, headers: { location: '/items/b' } });
  expect(codeOf(await call('acme_get_item', { id: 'a' }))).toBe('UPSTREAM_INVALID');
  expect(acme.requests).toHaveLength(1);
});

test('an HTML page with status 200 is UPSTREAM_INVALID, and no part of it reaches the caller', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'html', status: 200 });
  const answer = await call('acme_get_item', { id: 'a' });
  expect(codeOf(answer)).toBe('UPSTREAM_INVALID');
  expect(textOf(answer)).not.toContain('<');
});

test('a write that was made but answered in an unknown form says that it was made', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'status', status: 201, body: { unexpected: true } });
  const answer = await call('acme_create_item', { name: 'x' });
  expect(codeOf(answer)).toBe('UPSTREAM_INVALID');
  expect(textOf(answer)).toContain('The write itself was made; do not repeat it.');
});

test('an answer with 190,000 wrong values in a nested list is UPSTREAM_INVALID by the first of them', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'status', status: 200, body: { id: 'a', parts: [{ tags: Array.from({ length: 190_000 }, () => 1) }] } });
  expect(codeOf(await call('acme_get_item', { id: 'a' }))).toBe('UPSTREAM_INVALID');
});

test('an answer over 10 MiB is refused, and its socket is closed', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'status', status: 200, body: 'x'.repeat(11 * 1024 * 1024) });
  const answer = await call('acme_get_item', { id: 'a' });
  expect(codeOf(answer)).toBe('UPSTREAM_INVALID');
  expect(textOf(answer)).toContain('Ask for less');
});

test('rows are read one by one', async () => {
  const { call } = host();
  expect((await call('acme_export_items', { most: 10 })).structuredContent).toEqual({ ids: ['a', 'b', 'c'] });
});

test('leaving the rows early ends the call and closes the socket', async () => {
  const { call } = host();
  // More than the buffers of the sockets hold.
  const many = '{"id":"0"}\n{"id":"1"}\n'.repeat(1_500_000);
  acme.misbehave({ kind: 'status', status: 200, body: many });
  expect((await call('acme_export_items', { most: 2 })).structuredContent).toEqual({ ids: ['0', '1'] });
  expect(await (await acme.received()).ended).not.toBe('answered');
});

test('a web page with a success status fails a read, and leaves the outcome of a write unknown', async () => {
  const { call } = host();
  const page = { kind: 'html', status: 200, times: 10 } as const;
  acme.misbehave({ ...page, match: 'GET /items/{id}' });
  expect(codeOf(await call('acme_get_item', { id: '1' }))).toBe('UPSTREAM_INVALID');
  acme.misbehave({ ...page, match: 'POST /items' });
  expect(codeOf(await call('acme_create_item', { name: 'a' }))).toBe('OUTCOME_UNKNOWN');
});

test('a stream is retried until it begins, but not after', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'status', status: 503 });
  expect((await call('acme_export_items', { most: 10 })).isError).toBeUndefined();
  expect(acme.requests).toHaveLength(2);
  acme.misbehave({ kind: 'truncate' });
  expect(codeOf(await call('acme_export_items', { most: 10 }))).toBe('UPSTREAM_UNAVAILABLE');
  expect(acme.requests).toHaveLength(3);
});

test('a budget of one at a time holds the second request back until the first has ended', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'hang' });
  const first = call('acme_list_limited', { limit: 'narrow' });
  await acme.received('GET /limited', 1);
  const second = call('acme_list_limited', { limit: 'narrow' });
  const other = call('acme_list_limited', { limit: 'narrow', connection: 'two' });
  expect((await other).isError).toBeUndefined();
  expect(acme.requests).toHaveLength(2);
  acme.recover();
  expect([(await first).isError, (await second).isError]).toEqual([undefined, undefined]);
  expect(acme.requests).toHaveLength(3);
});

test('a request for a used-up window is refused at once if the wait is longer than the call may take', async () => {
  const { call } = host({ clock: manualClock() });
  await call('acme_list_limited', { limit: 'hourly' });
  const answer = await call('acme_list_limited', { limit: 'hourly' });
  expect(codeOf(answer)).toBe('RATE_LIMITED');
  expect(answer.meta).toMatchObject({ 'busbar/error': { retryAfterMs: 3_600_000 } });
  expect(acme.requests).toHaveLength(1);
});

test('a request waits for a used-up window if there is time', async () => {
  const clock = manualClock();
  const { call } = host({ clock, callTimeoutMs: 7_200_000 });
  await call('acme_list_limited', { limit: 'hourly' });
  const answer = call('acme_list_limited', { limit: 'hourly' });
  await clock.advance(3_599_999);
  expect(acme.requests).toHaveLength(1);
  await clock.advance(1);
  expect((await answer).isError).toBeUndefined();
});

test('an unknown limit is a fault of the connector', async () => {
  const { call } = host();
  expect(codeOf(await call('acme_list_limited', { limit: 'no-such' }))).toBe('INTERNAL');
});

test('requests beyond the bulkhead and its queue are refused, but not requests of other connections', async () => {
  const { call } = host({ resilience: { concurrent: 1, queued: 1 } });
  acme.misbehave({ kind: 'hang' });
  const running = call('acme_get_item', { id: 'a' });
  await acme.received();
  const queued = call('acme_get_item', { id: 'b' });
  await Promise.resolve();
  expect(codeOf(await call('acme_get_item', { id: 'c' }))).toBe('OVERLOADED');
  expect((await call('acme_get_item', { id: 'd', connection: 'two' })).isError).toBeUndefined();
  acme.recover();
  expect([(await running).isError, (await queued).isError]).toEqual([undefined, undefined]);
});

test('a queued request whose call is cancelled is never sent', async () => {
  const { call } = host({ resilience: { concurrent: 1, queued: 1 } });
  acme.misbehave({ kind: 'hang' });
  const running = call('acme_get_item', { id: 'a' });
  await acme.received();
  const abort = new AbortController();
  const queued = call('acme_create_item', { name: 'x' }, { signal: abort.signal });
  abort.abort();
  expect(codeOf(await queued)).toBe('CANCELLED');
  acme.recover();
  await running;
  await call('acme_get_item', { id: 'b' });
  expect(acme.created).toEqual([]);
});

test('no answer contains secrets, even if the vendor echoes them', async () => {
  const { call } = host();
  acme.misbehave({ kind: 'status', status: 200, body: { id: 'you sent canary-token' } });
  const answer = await call('acme_get_item', { id: 'a' });
  expect(JSON.stringify(answer)).not.toContain('canary-token');
  expect(answer.structuredContent).toEqual({ id: 'you sent [redacted]' });
});

test('the observer and the log receive each upstream event', async () => {
  const events: object[] = [];
  const lines: [string, object, string][] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message]);
  const { call } = host({
    observer: { upstream: (event) => void events.push(event), call: (event) => void events.push(event) },
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
  });
  acme.misbehave({ kind: 'status', status: 503 });
  await call('acme_get_item', { id: 'a' });
  expect(events).toMatchObject([
    { kind: 'attempt', operation: 'GET /items/{id}', code: 'UPSTREAM_UNAVAILABLE' },
    { kind: 'wait', operation: 'GET /items/{id}', reason: 'backoff' },
    { kind: 'attempt', operation: 'GET /items/{id}', code: undefined },
    { tool: 'acme_get_item', status: 'executed', upstreamRequests: 2 },
  ]);
  expect(lines.map(([level, , message]) => `${level} ${message}`)).toEqual([
    'warn upstream attempt',
    'warn upstream wait',
    'debug upstream attempt',
    'info call',
  ]);
  expect(lines[1]?.[1]).toMatchObject({ reason: 'backoff', breaker: 'closed' });
  expect(lines[3]?.[1]).toMatchObject({ tenant: 'local', tool: 'acme_get_item', status: 'executed', upstreamRequests: 2, wrote: 'no' });
});
