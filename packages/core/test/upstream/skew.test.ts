import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock, startSimulator, vendorClock, type ManualClock, type Simulator } from '../../src/testing/index.ts';
import { toObservedLimit, clockSkew } from '../../src/upstream/rate-limit-status.ts';
import { acmeHost, codeOf } from '../support/acme.ts';

let clock: ManualClock;
let vendor: Simulator;
let host: ReturnType<typeof acmeHost>;

// Accepts one request in 12 seconds, and states its limit in its own time.
beforeEach(async () => {
  clock = manualClock();
  const itsClock = vendorClock(clock);
  let takesAt = 0;
  vendor = await startSimulator({
    clock: itsClock,
    routes: {
      'GET /limited': () => {
        const taken = itsClock.now() >= takesAt;
        if (taken) takesAt = itsClock.now() + 12_000;
        return {
          status: taken ? 200 : 429,
          headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(takesAt / 1000) },
          body: {},
        };
      },
    },
  });
  host = acmeHost(vendor, { clock });
});
afterEach(async () => {
  await host.host.close(0);
  await vendor.close();
});

const refused = async () => codeOf(await host.call('acme_list_limited', { limit: 'told' }));

test.each([0, 600_000, -600_000])(
  'a request waits as long as needed for a reset in the time of a vendor whose clock is %i ms ahead',
  async (ms) => {
    vendor.misbehave({ kind: 'skew', ms });
    expect(await refused()).toBeUndefined();
    const second = refused();
    await clock.advance(11_999);
    expect(vendor.requests).toHaveLength(1);
    await clock.advance(1);
    expect(await second).toBeUndefined();
    expect(vendor.requests).toHaveLength(2);
  },
);

test.each([
  [600_000, 'x-ratelimit-reset', (at: number) => String(at / 1000)],
  [-600_000, 'x-ratelimit-reset', (at: number) => String(at / 1000)],
  [600_000, 'retry-after', (at: number) => new Date(at).toUTCString()],
  [-600_000, 'retry-after', (at: number) => new Date(at).toUTCString()],
])('after a 429 of a vendor whose clock is %i ms ahead, the request is repeated at the time of its %s', async (ms, header, written) => {
  vendor.misbehave({ kind: 'skew', ms });
  vendor.misbehave({ kind: 'status', status: 429, headers: { [header]: written(clock.now() + ms + 12_000) } });
  // A limit without its own headers, so that only the answer holds the call back.
  const answer = host.call('acme_list_limited', { limit: 'narrow' });
  await vendor.received('GET /limited');
  await expect.poll(() => clock.sleeping).toBeGreaterThan(1);
  await clock.advance(11_999);
  expect(vendor.requests).toHaveLength(1);
  await clock.advance(1);
  expect(codeOf(await answer)).toBeUndefined();
  expect(vendor.requests).toHaveLength(2);
});

test.each([
  ['seconds since the epoch', (at: number) => at / 1000],
  ['milliseconds since the epoch', (at: number) => at],
  ['a date', (at: number) => new Date(at).toUTCString()],
])('a reset in %s is converted to our time, and a reset in seconds from now needs no conversion', (_, written) => {
  const now = clock.now();
  const observed = { remaining: 1, resetAt: now + 9_000 };
  expect(toObservedLimit({ remaining: 1, reset: written(now + 600_000 + 9_000) }, now, 600_000)).toEqual(observed);
  expect(toObservedLimit({ remaining: 1, reset: 9 }, now, 600_000)).toEqual(observed);
});

test('an answer without a readable date counts as an answer in our own time', () => {
  expect([clockSkew(new Headers(), 7), clockSkew(new Headers({ date: 'today' }), 7)]).toEqual([0, 0]);
});
