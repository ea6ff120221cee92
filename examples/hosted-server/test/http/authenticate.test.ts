import { silentLogger } from '@busbar/core';
import type { ApiKey, ApiKeys } from '@busbar/postgres';
import { describe, expect, test } from 'vitest';
import { createAuthenticator } from '../../src/http/authenticate.ts';

const record: ApiKey = { id: 'key_1', tenant: 'acme', name: 'laptop', prefix: 'bb_abcdef', roles: ['owner'] };

function authenticating(use: ApiKeys['use']) {
  let elapsed = 0;
  let behind = 0;
  const looked: string[] = [];
  const refuse = () => Promise.reject(new Error('not used'));
  const keys: Pick<ApiKeys, 'use'> = {
    use: (key) => {
      looked.push(key);
      return use(key);
    },
  };
  const logged: object[] = [];
  const log = { ...silentLogger, warn: (fields: object) => void logged.push(fields) };
  const clock = { now: () => elapsed - behind, elapsed: () => elapsed, sleep: refuse, timer: () => () => {} };
  const { authenticate, authenticateAfresh, forget } = createAuthenticator({ keys, clock, log });
  return {
    looked,
    logged,
    pass: (ms: number) => (elapsed += ms),
    setBack: (ms: number) => (behind += ms),
    show: (token: string | undefined, address = '127.0.0.1') => authenticate({ token, address }),
    showAfresh: (token: string | undefined) => authenticateAfresh({ token, address: '127.0.0.1' }),
    forget,
  };
}

describe('createAuthenticator', () => {
  test('returns the principal of a valid key', async () => {
    const { show } = authenticating(async () => record);
    expect(await show('bb_good')).toEqual({ tenant: 'acme', id: 'key_1', roles: ['owner'], toolsets: undefined });
  });

  test('refuses a missing and an unknown key, and says what to do', async () => {
    const { show } = authenticating(async () => undefined);
    await expect(show(undefined)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('Authorization: Bearer'),
    });
    await expect(show('bb_bad')).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringContaining('not known') });
    for (const token of ['${BUSBAR_KEY}', 'SG.other'])
      await expect(show(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringContaining('begin with bb_') });
  });

  test('looks up a key once in 30 seconds', async () => {
    const { show, looked, pass } = authenticating(async () => record);
    await show('bb_good');
    pass(29_999);
    await show('bb_good');
    expect(looked).toHaveLength(1);
    pass(1);
    await show('bb_good');
    expect(looked).toHaveLength(2);
  });

  test('looks up a revoked key again after its cache entry has expired', async () => {
    let found: ApiKey | undefined = record;
    const { show, pass } = authenticating(async () => found);
    await show('bb_good');
    found = undefined;
    pass(30_000);
    await expect(show('bb_good')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('looks up a key after 30 seconds although the clock was set back an hour', async () => {
    const { show, looked, pass, setBack } = authenticating(async () => record);
    await show('bb_good');
    setBack(3_600_000);
    pass(30_000);
    await show('bb_good');
    expect(looked).toHaveLength(2);
  });

  test('does not cache unknown keys', async () => {
    const found: ApiKey[] = [];
    const { show } = authenticating(async () => found[0]);
    await expect(show('bb_soon')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    found.push(record);
    expect(await show('bb_soon')).toMatchObject({ tenant: 'acme' });
  });

  test('lets concurrent requests share one lookup', async () => {
    const { show, looked } = authenticating(async () => record);
    await Promise.all([show('bb_good'), show('bb_good'), show('bb_good')]);
    expect(looked).toHaveLength(1);
  });

  test('caches the 10,000 keys used most recently', async () => {
    const { show, looked } = authenticating(async () => record);
    for (let index = 0; index < 10_000; index++) await show(`bb_${index}`);
    await show('bb_0');
    await show('bb_one_more');
    looked.length = 0;
    await show('bb_0');
    expect(looked).toEqual([]);
    await show('bb_1');
    expect(looked).toEqual(['bb_1']);
  });

  test('looks up at most 100 keys of an address at a time, and 1,000 in all', async () => {
    const { promise: answer, resolve } = Promise.withResolvers<ApiKey>();
    const { show } = authenticating(() => answer);
    const lookups = Array.from({ length: 100 }, (_, index) => show(`bb_${index}`, '192.0.2.1'));
    await expect(show('bb_one_more', '192.0.2.1')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    for (let index = 100; index < 1_000; index++) lookups.push(show(`bb_${index}`, `198.51.100.${index % 9}`));
    await expect(show('bb_one_more', '203.0.113.1')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    resolve(record);
    await Promise.all(lookups);
    expect(await show('bb_one_more', '192.0.2.1')).toMatchObject({ tenant: 'acme' });
  });

  test('logs the refused keys of an address once a minute, without the keys', async () => {
    const { show, logged, pass } = authenticating(async () => undefined);
    const refused = async (address: string) => expect(show('bb_guess', address)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    for (let times = 0; times < 5; times++) await refused('192.0.2.1');
    await refused('192.0.2.2');
    for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1']) await refused(address);
    pass(60_000);
    await refused('192.0.2.1');
    expect(logged).toEqual([
      { address: '192.0.2.1' },
      { address: '192.0.2.2' },
      { address: '2001:db8:0:0::/64' },
      { address: '2001:db8:0:1::/64' },
      { address: '192.0.2.1' },
    ]);
  });

  test('asks for a key afresh each time on request, and then remembers what it read', async () => {
    let found: ApiKey | undefined = record;
    const { show, showAfresh, looked } = authenticating(async () => found);
    await show('bb_good');
    await showAfresh('bb_good');
    await showAfresh('bb_good');
    expect(looked).toHaveLength(3);
    found = undefined;
    await expect(showAfresh('bb_good')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(show('bb_good')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(showAfresh(undefined)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('forgets one key at once, and keeps the others', async () => {
    const { show, looked, forget } = authenticating(async (key) => ({ ...record, id: key }));
    await show('bb_one');
    await show('bb_other');
    forget('bb_one');
    looked.length = 0;
    await show('bb_one');
    await show('bb_other');
    expect(looked).toEqual(['bb_one']);
  });

  test('neither remembers nor shares a lookup that began before its key was forgotten', async () => {
    const reads: PromiseWithResolvers<ApiKey | undefined>[] = [];
    const { show, forget } = authenticating(() => {
      const read = Promise.withResolvers<ApiKey | undefined>();
      reads.push(read);
      return read.promise;
    });
    const before = show('bb_good');
    forget('key_1');
    const after = show('bb_good');
    reads[0]?.resolve(record);
    reads[1]?.resolve(undefined);
    expect(await before).toMatchObject({ id: 'key_1' });
    await expect(after).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    void show('bb_good');
    expect(reads).toHaveLength(3);
  });

  test('a database that is down is UNAVAILABLE, not a bad key', async () => {
    const { show } = authenticating(() => Promise.reject(new Error('connection refused at 10.0.0.7')));
    const authenticated = show('bb_good');
    await expect(authenticated).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(authenticated).rejects.not.toThrow(/10\.0\.0\.7/);
  });
});
