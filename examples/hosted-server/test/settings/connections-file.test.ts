import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/settings/config.ts';

/** The problems of a server with this connections file, with `<file>` for its path. */
function problemsOf(content: unknown, env: Record<string, string> = {}): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-connections-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'connections.json');
  writeFileSync(path, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content));
  try {
    readConfig({ BUSBAR_CONNECTIONS: path, ...env });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((problem) => problem.replace(path, '<file>'));
    throw error;
  }
}

const account = { subdomain: 'acme', clientId: 'busbar', clientSecret: 'hush-hush' };
const zendesk = { connector: 'zendesk', name: 'acme', config: account };

test('a valid file is accepted, even in production and together with the settings of a vendor', () => {
  expect(problemsOf([zendesk])).toEqual([]);
  expect(
    problemsOf([zendesk], { NODE_ENV: 'production', BUSBAR_SECRET: 'a secret of just 32 characters..', SENDGRID_API_KEY: 'SG.hush' }),
  ).toEqual([]);
});

test('a byte order mark is no part of a file', () => {
  expect(problemsOf(`\uFEFF${JSON.stringify([zendesk])}`)).toEqual([]);
});

test.each([
  [
    'UTF-16',
    'is in UTF-16, as older PowerShell writes files. Save it in UTF-8',
    Buffer.from(`\uFEFF${JSON.stringify([zendesk])}`, 'utf16le'),
  ],
  [
    'UTF-16 without a mark',
    'is in UTF-16, as older PowerShell writes files. Save it in UTF-8',
    Buffer.from(JSON.stringify([zendesk]), 'utf16le'),
  ],
  ['another encoding', 'is not in UTF-8. Save it in UTF-8', Buffer.from(JSON.stringify([{ ...zendesk, name: 'Zürich' }]), 'latin1')],
])('a file in %s is refused with its reason: it %s', (_, reason, content) => {
  expect(problemsOf(content)).toEqual([`BUSBAR_CONNECTIONS: <file>: ${reason}.`]);
});

test('each mistake is reported with its position, without secrets', () => {
  const problems = problemsOf([
    zendesk,
    { ...zendesk, name: 'two', config: { ...account, subdomain: 'Hush Hush' } },
    { connector: 'sendgrid', name: 'three', config: { apiKey: 'hush hush', region: 'hush', from: 'no address' } },
    { connector: 'salesforce', name: 'four', config: { clientId: 'hush', clientSecrte: 'hush-hush' } },
    { connector: 'hushforce', name: '', config: [] },
    { ...zendesk, name: 'six', secret: 'hush' },
  ]);
  expect(problems).toHaveLength(1);
  const [first = '', ...rest] = (problems[0] ?? '').split('; ');
  expect(first).toBe('BUSBAR_CONNECTIONS: <file>: connection 2, config, subdomain: Give only the part before .zendesk.com, such as "acme"');
  expect(rest).toEqual([
    'connection 3, config, apiKey: An API key has only ASCII characters and no spaces',
    expect.stringMatching(/^connection 3, config, region: /),
    expect.stringMatching(/^connection 3, config, from: /),
    'connection 4, config: does not know clientSecrte',
    'connection 4, config, myDomain: is missing',
    'connection 5, connector: must be one of "zendesk", "sendgrid", "salesforce"',
    'connection 5, name: must not be empty',
    'connection 5, config: must be an object',
    'connection 6: does not know secret.',
  ]);
  expect(problems.join().toLowerCase()).not.toContain('hush');
});

test('a connector’s rule about several fields applies to the file too', () => {
  expect(problemsOf([{ ...zendesk, config: { subdomain: 'acme', clientId: 'busbar' } }])).toEqual([
    'BUSBAR_CONNECTIONS: <file>: connection 1, config, clientSecret: is missing.',
  ]);
});

test.each([
  ['text that is not JSON, without showing it', '[{"clientSecret": hush}]', 'is not valid JSON (check its quotes, commas and brackets)'],
  ['an object', {}, 'the file: must be a list of connections'],
  ['an empty list, which would be demo mode', [], 'the file: must have at least one connection'],
  ['more than 1,000 connections', Array(1_001).fill(zendesk), 'the file: must not have more than 1000 connections'],
])('refuses %s', (_, content, reason) => {
  expect(problemsOf(content)).toEqual([`BUSBAR_CONNECTIONS: <file>: ${reason}.`]);
});

test('refuses a name that a tenant has twice, in the file or the settings, but not the name of another tenant', () => {
  const settings = { ZENDESK_SUBDOMAIN: 'acme', ZENDESK_CLIENT_ID: 'busbar', ZENDESK_CLIENT_SECRET: 'hush-hush' };
  const twice = ['Two connections of zendesk for the tenant default are called “acme”. Rename one of them.'];
  expect(problemsOf([zendesk, zendesk, zendesk])).toEqual(twice);
  expect(problemsOf([zendesk], settings)).toEqual(twice);
  expect(problemsOf([{ ...zendesk, tenant: 'other' }], settings)).toEqual([]);
});

test('refuses more than 100 connections of a tenant and connector', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => ({ ...zendesk, name: `account-${index}` }));
  expect(problemsOf(many(100))).toEqual([]);
  expect(problemsOf(many(101))).toEqual(['The tenant default has more than 100 connections of zendesk. The limit is 100.']);
});

test('refuses demo mode together with a file', () => {
  expect(problemsOf([zendesk], { BUSBAR_DEMO: 'true' })).toEqual([
    'BUSBAR_DEMO is true, but BUSBAR_CONNECTIONS is set too. Remove one of them.',
  ]);
});
