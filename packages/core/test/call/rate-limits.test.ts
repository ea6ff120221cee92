import { expect, test } from 'vitest';
import { memoryRateLimit, type Principal } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { codeOf, useAcme, type Acme } from '../support/acme.ts';

let acme: Acme;
const hostWith = useAcme((started) => (acme = started));

const of = (tenant: string, id: string): Principal => ({ tenant, id, roles: [] });
const perMinute = (limit: number, clock = manualClock()) => memoryRateLimit([{ limit, windowMs: 60_000 }], { clock });

test('a tenant’s limit counts the requests of all its keys, and of no other tenant', async () => {
  const { host } = hostWith({ tenantRateLimit: perMinute(2) });
  expect(await host.limit(of('a', '1'))).toMatchObject({ allowed: true, remaining: 1 });
  expect(await host.limit(of('a', '2'))).toMatchObject({ allowed: true, remaining: 0 });
  expect(await host.limit(of('a', '3'))).toMatchObject({ allowed: false });
  expect(await host.limit(of('b', '1'))).toMatchObject({ allowed: true });
});

test('a request beyond its key’s limit does not count for the tenant, and the host reports the limit with fewer requests left', async () => {
  const { host } = hostWith({ rateLimit: perMinute(1), tenantRateLimit: perMinute(3) });
  expect(await host.limit(of('a', '1'))).toMatchObject({ allowed: true, remaining: 0, rule: { limit: 1 } });
  for (let again = 0; again < 5; again += 1) expect(await host.limit(of('a', '1'))).toMatchObject({ allowed: false, rule: { limit: 1 } });
  expect(await host.limit(of('a', '2'))).toMatchObject({ allowed: true });
  expect(await host.limit(of('a', '3'))).toMatchObject({ allowed: true, remaining: 0 });
  expect(await host.limit(of('a', '4'))).toMatchObject({ allowed: false, rule: { limit: 3 } });
});

test('a connector’s limit that throws synchronously rejects the call', async () => {
  const throwing = () => {
    throw new Error('down');
  };
  const { host } = hostWith({ connectorRateLimit: { take: throwing } });
  const { signal } = new AbortController();
  const called = host.call({ principal: of('a', '1'), tool: 'acme_get_item', arguments: { id: '1' }, signal });
  await expect(called).rejects.toThrow('down');
});

test('a connector’s limit refuses a tenant’s calls with the time to wait, before a request to the vendor', async () => {
  const clock = manualClock();
  const refused: string[] = [];
  const { call } = hostWith({
    clock,
    connectorRateLimit: perMinute(2, clock),
    observer: { refused: ({ reason }) => void refused.push(reason) },
  });
  await call('acme_get_item', { id: '1' });
  await clock.advance(48_000);
  await call('acme_get_item', { id: '1' });
  const sent = acme.requests.length;
  const answered = await call('acme_get_item', { id: '1' });
  expect(codeOf(answered)).toBe('RATE_LIMITED');
  expect(JSON.stringify(answered)).toContain('Try again in 12 s.');
  expect(acme.requests).toHaveLength(sent);
  expect(refused).toEqual(['rate-limit']);
  await clock.advance(12_000);
  expect(codeOf(await call('acme_get_item', { id: '1' }))).toBeUndefined();
});

test('a call that waits for its connector’s limit when the drain begins is refused, and sends nothing', async () => {
  const asking = Promise.withResolvers<void>();
  const allowed = Promise.withResolvers<void>();
  const limit = perMinute(1);
  const connectorRateLimit = {
    take: async (key: string) => {
      asking.resolve();
      await allowed.promise;
      return await limit.take(key);
    },
  };
  const { host, call } = hostWith({ connectorRateLimit });
  const called = call('acme_get_item', { id: '1' });
  await asking.promise;
  await host.close();
  allowed.resolve();
  expect(codeOf(await called)).toBe('UNAVAILABLE');
  expect(acme.requests).toHaveLength(0);
});
