import { describe, expect, test } from 'vitest';
import { readRedirect } from '../../src/upstream/redirect.ts';
import { codeOf, textOf, useAcme, type Acme } from '../support/acme.ts';

const origin = 'https://acme.vendor.example';
const redirect = (status: number, location: string) => readRedirect(status, new Headers(location === '' ? {} : { location }), origin);

describe('a redirect', () => {
  test.each([301, 302, 307, 308])('of status %i to another host means that nothing was done', (status) => {
    expect(redirect(status, 'https://newname.vendor.example/api/v2?token=abc')).toEqual({
      code: 'CONNECTION_INVALID',
      executed: 'no',
      message:
        'acme.vendor.example did nothing, and points to newname.vendor.example: the account has moved, or the connection’s settings name the ' +
        'wrong host. Someone must correct the account’s address or region there. Do not call again before that.',
    });
  });

  test.each([
    [303, 'https://newname.vendor.example/'],
    [300, 'https://newname.vendor.example/'],
    [304, 'https://newname.vendor.example/'],
    [301, '/api/v3'],
    [301, 'https://acme.vendor.example/api/v3'],
    [301, ''],
    [301, 'https://'],
    [302, 'javascript:alert(1)'],
    [302, 'mailto:x@y.example'],
    [404, 'https://newname.vendor.example/'],
  ])('of status %i to %j says nothing about the account', (status, location) => {
    expect(redirect(status, location)).toBeUndefined();
  });

  test('shows neither the path nor credentials of the place that it names, and at most a host name’s length', () => {
    expect(redirect(302, 'https://user:secret@b.example:8443/login?code=secret#secret')?.message).toMatch(/points to b\.example:8443: /);
    expect(redirect(302, `https://${'a.'.repeat(5_000)}example/`)?.message.length).toBeLessThan(600);
  });
});

describe('a vendor that has moved', () => {
  let acme: Acme;
  const host = useAcme((started) => (acme = started));
  const moved = (status = 301) =>
    acme.misbehave({ kind: 'status', status, headers: { location: 'https://new.acme.example/items?x=1' }, times: 100 });

  test('a redirect to another host fails a read, and the error names that host', async () => {
    moved();
    const answer = await host().call('acme_get_item', { id: 'a' });
    expect(codeOf(answer)).toBe('CONNECTION_INVALID');
    expect(textOf(answer)).toContain('api.acme.example did nothing, and points to new.acme.example: ');
    expect(acme.requests).toHaveLength(1);
  });

  test.each(['acme_create_item', 'acme_create_item_once'])(
    'a write that is answered with a redirect to another host was not made (%s)',
    async (tool) => {
      moved(302);
      const answer = await host().call(tool, { name: 'x' });
      expect(codeOf(answer)).toBe('CONNECTION_INVALID');
      expect(acme.requests).toHaveLength(1);
    },
  );

  test('a redirect to another host fails a stream of rows', async () => {
    moved(308);
    expect(codeOf(await host().call('acme_export_items', { most: 1 }))).toBe('CONNECTION_INVALID');
  });

  test('a redirect to another host does not settle an earlier attempt whose answer was lost', async () => {
    acme.misbehave({ kind: 'lose' });
    moved(307);
    expect(codeOf(await host().call('acme_create_item_once', { name: 'x' }))).toBe('OUTCOME_UNKNOWN');
    expect(acme.created).toEqual(['item-1']);
  });
});
