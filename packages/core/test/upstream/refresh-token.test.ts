import { afterEach, beforeEach, expect, test } from 'vitest';
import { digest } from '../../src/lib/digest.ts';
import { memoryState, type Answer, type State, type StateStore } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { codeOf, textOf } from '../support/acme.ts';
import { startRotatingVendor, type RotatingVendor } from './rotating-vendor.ts';
import { vaultHost, type VaultOptions } from './vault.ts';

const lifeMs = 1_800_000;
const tokenRoute = 'POST /oauth/token';

let clock: ReturnType<typeof manualClock>;
let state: StateStore;
let vendor: RotatingVendor;

beforeEach(async () => {
  clock = manualClock();
  state = memoryState();
  vendor = await startRotatingVendor();
});
afterEach(() => vendor.simulator.close());

/** A replica. All replicas share the state, unless the options say otherwise. */
const replica = (options: Partial<VaultOptions> = {}) =>
  vaultHost({
    vendor: vendor.simulator,
    secret: 'refresh-a-0',
    clock,
    state,
    authorization: (refreshToken) => ({
      kind: 'refresh-token',
      tokenUrl: 'https://api.vault.example/oauth/token',
      body: 'form',
      clientId: 'client-1',
      clientSecret: 'canary-client',
      refreshToken,
    }),
    ...options,
  });

/** The shared state, as seen by a replica whose access to it fails. */
const troubled = (change: (inner: State) => Partial<State>): StateStore => ({
  open: (scope) => {
    const { get, set, log } = state.open(scope);
    return { get, set, log, ...(scope.endsWith('#core') && change({ get, set, log })) };
  },
});
/** Whether a value for the state has the vendor's tokens in it, and no lease. */
const isRenewed = (value: unknown): boolean => JSON.stringify(value).includes('access-') && !JSON.stringify(value).includes('lease');
const down = async (): Promise<never> => Promise.reject(new Error('the store is down'));

/** Lets time pass until the work ends, and returns its result. */
async function passing<T>(work: Promise<T>): Promise<T> {
  let done = false;
  const ended = work.finally(() => (done = true));
  await expect.poll(async () => clock.advance(100).then(() => done), { interval: 5, timeout: 10_000 }).toBe(true);
  return await ended;
}

const times = <T>(count: number, work: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: count }, () => work()));
const failures = (answers: readonly Answer[]): unknown[] => answers.filter(({ isError }) => isError).map(codeOf);

test('a hundred calls at expiry renew once, with the newest refresh token', async () => {
  const { read } = replica();
  await read();
  await clock.advance(lifeMs);
  expect(failures(await times(100, read))).toEqual([]);
  expect(vendor.received).toEqual(['refresh-a-0', 'refresh-a-1']);
});

test('a hundred calls on two replicas at expiry renew once, because one replica waits for the token of the other', async () => {
  const [one, two] = [replica(), replica()];
  await one.read();
  await two.read();
  await clock.advance(lifeMs);
  vendor.simulator.misbehave({ kind: 'hang', match: tokenRoute });
  const calls = Promise.all([times(50, one.read), times(50, two.read)]);
  await vendor.simulator.received(tokenRoute, 2);
  await clock.advance(5_000);
  vendor.simulator.recover();
  expect(failures((await passing(calls)).flat())).toEqual([]);
  expect(vendor.received).toEqual(['refresh-a-0', 'refresh-a-1']);
});

test('a token that the vendor refuses on two replicas is renewed once for both', async () => {
  const [one, two] = [replica(), replica()];
  await one.read();
  await two.read();
  vendor.expire();
  expect(failures((await passing(Promise.all([times(20, one.read), times(20, two.read)]))).flat())).toEqual([]);
  expect(vendor.renewals).toBe(2);
});

test('a rotated refresh token survives a restart', async () => {
  await replica().read();
  await clock.advance(lifeMs);
  expect(codeOf(await replica().read())).toBeUndefined();
  expect(vendor.received).toEqual(['refresh-a-0', 'refresh-a-1']);
});

test('other settings with the same refresh token get a token of their own, from the rotated refresh token', async () => {
  await replica().read();
  expect(codeOf(await replica({ note: 'changed' }).read())).toBeUndefined();
  expect(vendor.received).toEqual(['refresh-a-0', 'refresh-a-1']);
});

test('another refresh token in the settings starts from scratch, and takes nothing from a replica with the old settings', async () => {
  const [before, after] = [replica(), replica({ secret: 'refresh-b-0' })];
  for (let round = 0; round < 2; round += 1) {
    expect(codeOf(await before.read())).toBeUndefined();
    expect(codeOf(await after.read())).toBeUndefined();
    await clock.advance(lifeMs);
  }
  expect(vendor.received).toEqual(['refresh-a-0', 'refresh-b-0', 'refresh-a-1', 'refresh-b-1']);
});

test('the state keeps at most two authorizations of a connection', async () => {
  const sizes: number[] = [];
  const counting = troubled(({ set }) => ({
    set: (key, value, version) => {
      sizes.push((value as unknown[]).length);
      return set(key, value, version);
    },
  }));
  for (const secret of ['refresh-x-0', 'refresh-y-0', 'refresh-z-0', 'refresh-b-0']) await replica({ secret, state: counting }).read();
  expect(Math.max(...sizes)).toBe(2);
});

test('a vendor that does not rotate receives the same refresh token each time, and each replica uses the newest token', async () => {
  vendor.stopRotating();
  const [one, two] = [replica(), replica()];
  await one.read();
  await clock.advance(lifeMs);
  expect(codeOf(await two.read())).toBeUndefined();
  expect(codeOf(await one.read())).toBeUndefined();
  expect(vendor.received).toEqual(['refresh-a-0', 'refresh-a-0']);
});

test('the refusal of a withdrawn authorization says that a person must authorize again, and shows no token', async () => {
  const { read, lines } = replica({ secret: 'refresh-withdrawn' });
  const answer = await read();
  expect(codeOf(answer)).toBe('UNAUTHENTICATED');
  expect(textOf(answer)).toContain('(invalid_grant)');
  expect(textOf(answer)).toContain('authorize this server at the vendor again');
  expect(JSON.stringify(answer) + lines.join('\n')).not.toMatch(/refresh-withdrawn|canary/);
});

test('a rotated refresh token that the vendor repeats is redacted, on every replica', async () => {
  const [one, two] = [replica(), replica()];
  await one.read();
  await two.read();
  for (const { read } of [one, two]) {
    vendor.simulator.misbehave({ kind: 'status', status: 200, match: 'GET /thing', body: { seen: 'refresh-a-1 of access-1' } });
    expect((await read()).structuredContent).toEqual({ seen: '[redacted] of [redacted]' });
  }
});

test('a token request is repeated within its time if the endpoint fails or is busy', async () => {
  vendor.simulator.misbehave({ kind: 'status', status: 503, match: tokenRoute });
  vendor.simulator.misbehave({ kind: 'status', status: 429, match: tokenRoute, headers: { 'retry-after': '2' } });
  vendor.simulator.misbehave({ kind: 'reset', match: tokenRoute });
  expect(codeOf(await passing(replica().read()))).toBeUndefined();
  expect(vendor.received).toEqual(['refresh-a-0']);
});

test('the caller reads how long a token endpoint is busy if that is too long to wait, and no other replica is delayed', async () => {
  vendor.simulator.misbehave({ kind: 'status', status: 429, match: tokenRoute, headers: { 'retry-after': '60' } });
  const [one, two] = [replica(), replica()];
  const answer = await one.read();
  expect(codeOf(answer)).toBe('RATE_LIMITED');
  expect(textOf(answer)).toContain('60 s');
  expect(codeOf(await two.read())).toBeUndefined();
});

test('a token request without an answer is given up after 15 s, and delays no other replica', async () => {
  vendor.simulator.misbehave({ kind: 'hang', match: tokenRoute, times: 9 });
  const [one, two] = [replica(), replica()];
  const startedAt = clock.now();
  expect(codeOf(await passing(one.read()))).toBe('UPSTREAM_UNAVAILABLE');
  expect(clock.now() - startedAt).toBeLessThan(17_000);
  vendor.simulator.recover();
  await expect.poll(async () => codeOf(await two.read())).toBeUndefined();
});

test('calls that wait for a token longer than an attempt may take have no attempt running, and open no breaker', async () => {
  const [one, two] = [replica(), replica()];
  vendor.simulator.misbehave({ kind: 'hang', match: tokenRoute });
  const startedAt = clock.now();
  const calls = Promise.all([times(10, one.read), times(10, two.read)]);
  await vendor.simulator.received(tokenRoute);
  expect(failures((await passing(calls)).flat())).toEqual([]);
  expect(clock.now() - startedAt).toBeGreaterThanOrEqual(10_000);
  expect([...one.lines, ...two.lines].filter((line) => line.includes('UPSTREAM_UNAVAILABLE'))).toEqual([]);
});

test('a token request whose answer is lost is repeated, which a strict vendor refuses', async () => {
  vendor.simulator.misbehave({ kind: 'lose', match: tokenRoute });
  expect(codeOf(await replica().read())).toBe('UNAUTHENTICATED');
  expect(vendor.received).toEqual(['refresh-a-0', 'refresh-a-0']);
});

test('callers that leave do not end a renewal, and its token is kept', async () => {
  const { read } = replica();
  vendor.simulator.misbehave({ kind: 'hang', match: tokenRoute });
  const abort = new AbortController();
  const leaving = times(3, () => read(abort.signal));
  await vendor.simulator.received(tokenRoute);
  abort.abort();
  expect(failures(await leaving)).toEqual(['CANCELLED', 'CANCELLED', 'CANCELLED']);
  vendor.simulator.recover();
  await expect.poll(() => vendor.renewals).toBe(1);
  expect(codeOf(await passing(replica().read()))).toBeUndefined();
  expect(vendor.received).toEqual(['refresh-a-0']);
});

test('a refresh token that a crash loses between the vendor and the state costs the authorization, and the caller’s error says so', async () => {
  await replica().read();
  await clock.advance(lifeMs);
  // The replica dies when it has the vendor's answer, so none of its later writes arrive.
  const dying = replica({
    state: troubled(({ set }) => ({ set: (key, value, version) => (isRenewed(value) ? new Promise(() => {}) : set(key, value, version)) })),
  });
  void dying.read();
  await expect.poll(() => vendor.renewals).toBe(2);
  const startedAt = clock.now();
  const answer = await passing(replica().read());
  expect(codeOf(answer)).toBe('UNAUTHENTICATED');
  expect(textOf(answer)).toContain('lost before it could be stored');
  expect(vendor.received).toEqual(['refresh-a-0', 'refresh-a-1', 'refresh-a-1']);
  // Until the lease ended, the other replica might still have been renewing.
  expect(clock.now() - startedAt).toBeGreaterThanOrEqual(19_000);
});

test('a refresh token that the state cannot store is used, and stored as soon as the state works again', async () => {
  let broken = true;
  const { read, lines } = replica({
    state: troubled(({ set }) => ({ set: (key, value, version) => (broken && isRenewed(value) ? down() : set(key, value, version)) })),
  });
  expect(codeOf(await read())).toBeUndefined();
  expect(lines.join('\n')).toContain('someone must authorize again');
  await clock.advance(5_000);
  expect(codeOf(await read())).toBeUndefined();
  broken = false;
  await clock.advance(5_000);
  expect(codeOf(await read())).toBeUndefined();
  await clock.advance(lifeMs);
  expect(codeOf(await replica().read())).toBeUndefined();
  expect(vendor.received).toEqual(['refresh-a-0', 'refresh-a-1']);
});

test('a refused token is not renewed while the state has not stored the refresh token that came with it', async () => {
  const { read } = replica({
    state: troubled(({ set }) => ({ set: (key, value, version) => (isRenewed(value) ? down() : set(key, value, version)) })),
  });
  await read();
  vendor.expire();
  expect(codeOf(await read())).toBe('UNAVAILABLE');
  expect(vendor.received).toEqual(['refresh-a-0']);
});

test('a state that lost everything while a token was renewed stores the new token', async () => {
  await replica().read();
  await clock.advance(lifeMs);
  const empty = memoryState().open('core');
  const forgetful = troubled((full) => ({
    get: (key, schema) => (vendor.renewals < 2 ? full : empty).get(key, schema),
    set: (key, value, version) => (vendor.renewals < 2 ? full : empty).set(key, value, version),
  }));
  await replica({ state: forgetful }).read();
  await clock.advance(lifeMs);
  expect(codeOf(await replica({ state: forgetful }).read())).toBeUndefined();
  expect(vendor.received).toEqual(['refresh-a-0', 'refresh-a-1', 'refresh-a-2']);
});

test.each(['get', 'set'] as const)('no token is renewed if the state fails to %s, because the new token could be lost', async (method) => {
  const { read } = replica({ state: troubled(() => ({ [method]: down })) });
  expect(codeOf(await read())).toBe('UNAVAILABLE');
  expect(vendor.received).toEqual([]);
});

test('a token in use stays in use while the state is down', async () => {
  let broken = false;
  const { read } = replica({ state: troubled(({ get }) => ({ get: (key, schema) => (broken ? down() : get(key, schema)) })) });
  await read();
  broken = true;
  expect(codeOf(await read())).toBeUndefined();
});

/** A replica that stores its token only when the test lets it. */
function slowReplica() {
  const gate = Promise.withResolvers<void>();
  const stored = Promise.withResolvers<void>();
  const { read } = replica({
    state: troubled(({ set }) => ({
      async set(key, value, version) {
        if (isRenewed(value)) await gate.promise;
        const done = await set(key, value, version);
        if (isRenewed(value) && done) stored.resolve();
        return done;
      },
    })),
  });
  return { read, goOn: gate.resolve, stored: stored.promise };
}

test('a replica that took over from a slow replica uses the token that the slow one obtained after all', async () => {
  const slow = slowReplica();
  const slowly = slow.read();
  await expect.poll(() => vendor.renewals).toBe(1);
  await clock.advance(20_000);
  vendor.simulator.misbehave({ kind: 'hang', match: tokenRoute });
  const taking = replica().read();
  await vendor.simulator.received(tokenRoute, 2);
  slow.goOn();
  await slow.stored;
  vendor.simulator.recover();
  expect(codeOf(await taking)).toBeUndefined();
  expect(codeOf(await slowly)).toBeUndefined();
  expect(vendor.received).toEqual(['refresh-a-0', 'refresh-a-0']);
});

test('a slow replica does not undo the renewal of the replica that took over', async () => {
  const slow = slowReplica();
  const slowly = slow.read();
  await expect.poll(() => vendor.renewals).toBe(1);
  await clock.advance(20_000);
  vendor.forgive();
  expect(codeOf(await replica().read())).toBeUndefined();
  slow.goOn();
  expect(codeOf(await slowly)).toBeUndefined();
  await clock.advance(lifeMs);
  expect(codeOf(await replica().read())).toBeUndefined();
  expect(vendor.received).toEqual(['refresh-a-0', 'refresh-a-0', 'refresh-a-2']);
});

test('a lease that ends further ahead than a lease can comes from a wrong clock, and delays no other replica', async () => {
  const ahead = replica({ clock: manualClock(clock.now() + 3_600_000), state });
  vendor.simulator.misbehave({ kind: 'hang', match: tokenRoute });
  void ahead.read();
  await vendor.simulator.received(tokenRoute);
  expect(codeOf(await replica().read())).toBeUndefined();
});

test('a replica waits at most 40 s for a renewal that another replica does not end', async () => {
  const { read } = replica({
    state: troubled(() => ({
      get: async (_, schema) => ({
        value: schema.parse([
          { root: digest('refresh-a-0'), refreshToken: 'refresh-a-1', lease: { owner: 'other', until: clock.now() + 1_000 } },
        ]),
        version: '1',
      }),
    })),
  });
  const first = read();
  await clock.advance(35_000);
  expect(codeOf(await first)).toBe('DEADLINE_EXCEEDED');
  const second = read();
  await clock.advance(5_000);
  expect(codeOf(await second)).toBe('UNAVAILABLE');
  expect(vendor.received).toEqual([]);
});

test('the refusal of a wrong client differs from the refusal of a withdrawn authorization', async () => {
  vendor.simulator.misbehave({ kind: 'status', status: 401, match: tokenRoute, body: { error: 'invalid_client' } });
  const answer = await replica().read();
  expect(codeOf(answer)).toBe('UNAUTHENTICATED');
  expect(textOf(answer)).toContain('OAuth client (invalid_client)');
});
