import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../src/config.ts';
import { settings } from '../src/settings.ts';

/** The problems of an environment, empty for a good one. */
function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const account = { ZENDESK_SUBDOMAIN: 'acme', ZENDESK_CLIENT_ID: 'busbar', ZENDESK_CLIENT_SECRET: 'hush-hush' };
const production = { NODE_ENV: 'production', BUSBAR_SECRET: 's'.repeat(32), ...account };

describe('readConfig', () => {
  test('needs nothing: without settings it is demo mode on this machine', () => {
    const config = readConfig({});
    expect(config).toMatchObject({ HOST: '127.0.0.1', PORT: 3000, BUSBAR_CALLS_PER_MINUTE: 100, BUSBAR_CALLS_PER_HOUR: 1_000 });
    expect(config.zendesk).toBeUndefined();
  });

  test('counts an empty value as none', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '', ZENDESK_SUBDOMAIN: '' })).toMatchObject({ PORT: 3000, zendesk: undefined });
  });

  test('reads lists and pairs', () => {
    const config = readConfig({
      BUSBAR_ALLOWED_HOSTS: 'mcp.example.com, localhost',
      BUSBAR_REMAP_ORIGINS: 'https://acme.zendesk.com=http://127.0.0.1:4010,https://b.example=http://127.0.0.1:4011',
    });
    expect(config.BUSBAR_ALLOWED_HOSTS).toEqual(['mcp.example.com', 'localhost']);
    expect(config.BUSBAR_REMAP_ORIGINS).toEqual({
      'https://acme.zendesk.com': 'http://127.0.0.1:4010',
      'https://b.example': 'http://127.0.0.1:4011',
    });
  });

  test('gives the Zendesk account in the words of its connector', () => {
    expect(readConfig(account).zendesk).toEqual({ subdomain: 'acme', clientId: 'busbar', clientSecret: 'hush-hush' });
    const legacy = { ZENDESK_SUBDOMAIN: 'acme', ZENDESK_EMAIL: 'a@example.com', ZENDESK_API_TOKEN: 'hush' };
    expect(readConfig(legacy).zendesk).toEqual({ subdomain: 'acme', email: 'a@example.com', apiToken: 'hush' });
  });

  test('lists every problem at once, in words and without the values of secrets', () => {
    const problems = problemsOf({
      NODE_ENV: 'production',
      PORT: 'eighty',
      LOG_LEVEL: 'loud',
      HOST: '0.0.0.0',
      BUSBAR_SECRET: 'short',
      BUSBAR_CALLS_PER_MINTUE: '5',
      BUSBAR_DRAIN_MS: '1',
      BUSBAR_ALLOWED_ORIGINS: 'app.example.com',
      BUSBAR_REMAP_ORIGINS: 'nowhere',
      DATABASE_URL: 'mysql://root:hush@db/busbar',
      ZENDESK_CLIENT_SECRET: 'hush-hush',
      BUSBAR_DEMO: 'maybe',
    });
    expect(problems).toEqual([
      'BUSBAR_CALLS_PER_MINTUE is no setting of this server. Look for a misspelling.',
      'PORT must be a whole number from 0 to 65535.',
      'LOG_LEVEL must be debug, info, warn, error or silent.',
      'DATABASE_URL must be a URL such as postgres://user:password@host:5432/database.',
      'BUSBAR_SECRET must be at least 32 characters, such as the output of: openssl rand -hex 32.',
      'BUSBAR_DEMO must be true or false.',
      'BUSBAR_ALLOWED_ORIGINS must be origins such as https://app.example.com, separated by commas.',
      'BUSBAR_DRAIN_MS must be at least 100.',
      'BUSBAR_REMAP_ORIGINS must be pairs such as https://acme.zendesk.com=http://127.0.0.1:4010, separated by commas.',
      'ZENDESK_SUBDOMAIN is needed with the other ZENDESK_* settings.',
      expect.stringMatching(/^ZENDESK_CLIENT_ID: /),
      'BUSBAR_REMAP_ORIGINS sends the credentials of vendors elsewhere. It is refused in production.',
      'HOST can be reached from other machines, so BUSBAR_ALLOWED_HOSTS must say under which host names the server is called.',
    ]);
    expect(problems.join()).not.toContain('hush');
  });

  test('refuses half a Zendesk account', () => {
    expect(problemsOf({ ZENDESK_SUBDOMAIN: 'acme' })).toHaveLength(1);
    expect(problemsOf({ ZENDESK_SUBDOMAIN: 'acme', ZENDESK_EMAIL: 'a@example.com' })).toEqual([
      expect.stringMatching(/^ZENDESK_API_TOKEN: /),
    ]);
  });

  test('refuses demo mode beside an account, and neither of them', () => {
    expect(problemsOf({ ...account, BUSBAR_DEMO: 'true' })).toEqual([expect.stringContaining('Leave one of them out')]);
    expect(problemsOf({ BUSBAR_DEMO: 'false' })).toEqual([expect.stringContaining('nothing to serve')]);
  });
});

describe('readConfig in production', () => {
  test('takes what is safe', () => {
    expect(problemsOf(production)).toEqual([]);
    expect(problemsOf({ ...production, HOST: '0.0.0.0', BUSBAR_ALLOWED_HOSTS: 'mcp.example.com' })).toEqual([]);
    expect(problemsOf({ NODE_ENV: 'production', BUSBAR_SECRET: 's'.repeat(32), BUSBAR_DEMO: 'true' })).toEqual([]);
  });

  test.each([
    ['no secret', { BUSBAR_SECRET: '' }, /^BUSBAR_SECRET is needed/],
    ['a short secret', { BUSBAR_SECRET: 's'.repeat(31) }, /^BUSBAR_SECRET must be at least 32/],
    [
      'a demo that nobody asked for',
      { ZENDESK_SUBDOMAIN: '', ZENDESK_CLIENT_ID: '', ZENDESK_CLIENT_SECRET: '' },
      /^No vendor is configured/,
    ],
    ['origins sent elsewhere', { BUSBAR_REMAP_ORIGINS: 'https://acme.zendesk.com=http://127.0.0.1:1' }, /^BUSBAR_REMAP_ORIGINS/],
    ['a public interface under any host name', { HOST: '0.0.0.0' }, /^HOST can be reached/],
  ])('refuses %s', (_, change, reason) => {
    expect(problemsOf({ ...production, ...change })).toEqual([expect.stringMatching(reason)]);
  });
});

test('the table in the README names every setting, its default and what it does', async () => {
  const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
  const rows = Object.entries(settings.shape).map(([name, schema]) => {
    const standard = schema.safeParse(undefined).data;
    return `| \`${name}\` | ${standard === undefined ? '' : `\`${String(standard)}\``} | ${schema.description ?? ''} |`;
  });
  const table = readme.split('\n').filter((line) => /^\| `[A-Z_]+`/.test(line));
  expect(table.map((line) => line.replaceAll(/\s+/g, ' '))).toEqual(rows.map((row) => row.replaceAll(/\s+/g, ' ')));
});
