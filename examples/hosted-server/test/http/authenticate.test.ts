import type { ApiKey, ApiKeys } from '@busbar/postgres';
import { describe, expect, test } from 'vitest';
import { createAuthenticate } from '../../src/http/authenticate.ts';

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
  const authenticate = createAuthenticate(keys, {
    now: () => elapsed - behind,
    elapsed: () => elapsed,
    sleep: refuse,
    timer: () => () => {},
  });
  return {
    looked,
    pass: (ms: number) => (elapsed += ms),
    setBack: (ms: number) => (behind += ms),
    show: (token: string | undefined) => authenticate({ token, address: '127.0.0.1' }),
  };
}

describe('createAuthenticate', () => {
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

  test('looks up at most 1,000 keys at a time', async () => {
    const { show } = authenticating(() => new Promise(() => {}));
    for (let index = 0; index < 1_000; index++) void show(`bb_${index}`);
    await expect(show('bb_one_more')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('a database that is down is UNAVAILABLE, not a bad key', async () => {
    const { show } = authenticating(() => Promise.reject(new Error('connection refused at 10.0.0.7')));
    const authenticated = show('bb_good');
    await expect(authenticated).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(authenticated).rejects.not.toThrow(/10\.0\.0\.7/);
  });
});
