import { expect, test } from 'vitest';
import { localPrincipal } from '../../src/index.ts';
import { toObservedLimit } from '../../src/upstream/rate-limit-status.ts';
import { manualClock } from '../../src/testing/index.ts';
import { codeOf, textOf, useAcme, type Acme } from '../support/acme.ts';

let acme: Acme;
const host = useAcme((started) => (acme = started));
const now = Date.UTC(2026, 0, 1);

test.each([
  ['seconds from now', { limit: '700', remaining: '699', reset: '60' }, { limit: 700, remaining: 699, resetAt: now + 60_000 }],
  ['seconds since the epoch', { remaining: '0', reset: String(now / 1000 + 9) }, { remaining: 0, resetAt: now + 9_000 }],
  ['milliseconds since the epoch', { remaining: 3, reset: now + 9_000 }, { remaining: 3, resetAt: now + 9_000 }],
  ['a date', { remaining: '3', reset: new Date(now + 9_000).toUTCString() }, { remaining: 3, resetAt: now + 9_000 }],
  ['numbers without a reset', { limit: 15_000, remaining: 15_000 - 18 }, { limit: 15_000, remaining: 14_982 }],
  ['a negative remainder', { remaining: -3 }, { remaining: 0 }],
  ['missing headers', { limit: null, remaining: null, reset: null }, undefined],
  ['empty headers', { limit: '', remaining: ' ', reset: '' }, undefined],
  ['text that is not a number', { limit: 'many', remaining: 'some', reset: 'soon' }, undefined],
  ['a reset alone', { reset: '60' }, undefined],
  ['a limit of 0', { limit: '0' }, undefined],
] as const)('a limit’s status is read from %s', (_name, status, observed) => {
  expect(toObservedLimit(status, now, 0)).toEqual(observed);
});

test('after a 429 with Retry-After no request is sent until then, and the model reads how long that is', async () => {
  const clock = manualClock();
  const { call } = host({ clock });
  acme.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '93' } });
  expect(codeOf(await call('acme_list_limited', { limit: 'told' }))).toBe('RATE_LIMITED');
  await clock.advance(33_000);
  const refused = await Promise.all(Array.from({ length: 20 }, () => call('acme_list_limited', { limit: 'told' })));
  expect(new Set(refused.map(textOf))).toEqual(
    new Set([
      'RATE_LIMITED: The vendor accepts no more requests from this connection for now. ' +
        'It asks to wait 60 s, which is longer than the 30.0 s that this call has left. Try again in 60 s.',
    ]),
  );
  expect(refused[0]?.meta).toMatchObject({ 'busbar/error': { code: 'RATE_LIMITED', retryAfterMs: 60_000 } });
  expect(acme.requests).toHaveLength(1);
  expect((await call('acme_list_limited', { limit: 'told', connection: 'two' })).isError).toBeUndefined();
  expect((await call('acme_list_limited', { limit: 'narrow' })).isError).toBeUndefined();
  await clock.advance(60_000);
  expect((await call('acme_list_limited', { limit: 'told' })).isError).toBeUndefined();
});

test('a 429 whose headers report requests left concerns a narrower limit than the connection’s, and closes no budget', async () => {
  const { call } = host({ clock: manualClock() });
  acme.misbehave({
    kind: 'status',
    status: 429,
    headers: { 'retry-after': '93', 'x-ratelimit-remaining': '5', 'x-ratelimit-reset': '50' },
  });
  expect(codeOf(await call('acme_list_limited', { limit: 'told' }))).toBe('RATE_LIMITED');
  expect((await call('acme_list_limited', { limit: 'told' })).isError).toBeUndefined();
  expect(acme.requests).toHaveLength(2);
});

test('an answer that reports no requests left holds the next request back until the time that it names', async () => {
  const clock = manualClock();
  const { call } = host({ clock });
  // The report comes with the answer to a request that counts against another limit.
  acme.misbehave({ kind: 'status', status: 404, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '12' } });
  expect(codeOf(await call('acme_get_item', { id: 'a' }))).toBe('NOT_FOUND');
  const answer = call('acme_list_limited', { limit: 'told' });
  await clock.advance(11_999);
  expect(acme.requests).toHaveLength(1);
  await clock.advance(1);
  expect((await answer).isError).toBeUndefined();
  expect(acme.requests).toHaveLength(2);
});

test('a key with many waiting calls does not starve another key of its tenant with one call', async () => {
  const clock = manualClock();
  const { host: made } = host({ clock });
  const order: string[] = [];
  const call = async (id: string, name: string): Promise<void> => {
    await made.call({
      principal: { ...localPrincipal, id },
      tool: 'acme_list_limited',
      arguments: { limit: 'narrow' },
      signal: new AbortController().signal,
    });
    order.push(name);
  };
  acme.misbehave({ kind: 'hang' });
  const all = [call('a', 'first')];
  await acme.received('GET /limited', 1);
  for (const name of ['a0', 'a1', 'a2']) all.push(call('a', name));
  await clock.advance(0);
  all.push(call('b', 'b'));
  await clock.advance(0);
  acme.recover();
  await Promise.all(all);
  expect(order).toEqual(['first', 'a0', 'b', 'a1', 'a2']);
});
