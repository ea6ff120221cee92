import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/settings/config.ts';
import { settings } from '../../src/settings/settings.ts';

/** The problems of an environment. Empty if it is valid. */
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
const production = { NODE_ENV: 'production', BUSBAR_SECRET: 'a secret of just 32 characters..', ...account };

describe('readConfig', () => {
  test('starts demo mode on this machine without any settings', () => {
    const config = readConfig({});
    expect(config).toMatchObject({ HOST: '127.0.0.1', PORT: 3000, BUSBAR_CALLS_PER_MINUTE: 100, BUSBAR_CALLS_PER_HOUR: 1_000 });
    expect(config.accounts).toEqual([]);
  });

  test('treats an empty value as not set', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '', ZENDESK_SUBDOMAIN: '' })).toMatchObject({ PORT: 3000, accounts: [] });
  });

  test('takes values as files of settings write them, in quotes and with the line end of Windows', () => {
    const config = readConfig({
      ...Object.fromEntries(Object.entries(production).map(([name, value]) => [name, `"${value}"`])),
      PORT: "'8080'",
      LOG_LEVEL: 'warn\r',
      DATABASE_URL: '""',
      BUSBAR_ALLOWED_HOSTS: '"mcp.example.com, localhost"',
      SENDGRID_API_KEY: 'SG.key',
      SENDGRID_REGION: '"eu"',
      SENDGRID_FROM: '"Widgets, Inc." <news@acme.example>',
    });
    expect(config).toMatchObject({ NODE_ENV: 'production', PORT: 8080, LOG_LEVEL: 'warn', BUSBAR_SECRET: production.BUSBAR_SECRET });
    expect(config.DATABASE_URL).toBeUndefined();
    expect(config.BUSBAR_ALLOWED_HOSTS).toEqual(['mcp.example.com', 'localhost']);
    expect(config.accounts).toMatchObject([
      { name: 'acme', config: { subdomain: 'acme', clientId: 'busbar', clientSecret: 'hush-hush' } },
      { name: 'default', config: { apiKey: 'SG.key', region: 'eu', from: '"Widgets, Inc." <news@acme.example>' } },
    ]);
  });

  test('makes no exception for quotes around an unsafe setting', () => {
    expect(problemsOf({ NODE_ENV: '"production"' })).toContainEqual(expect.stringContaining('BUSBAR_SECRET is needed in production'));
  });

  test.each(['mcp.example.com:443', 'https://mcp.example.com', '*.example.com', '2001:db8::1', ',', 'a b'])(
    'refuses the allowed host “%s”, which no request could name',
    (host) => {
      expect(problemsOf({ ...account, BUSBAR_ALLOWED_HOSTS: host })).toEqual([
        'BUSBAR_ALLOWED_HOSTS must be host names such as mcp.example.com, separated by commas.',
      ]);
    },
  );

  test.each(['mcp.example.com', 'MCP.example.com', 'my_service', '192.0.2.1', '[2001:db8::1]'])('takes the allowed host “%s”', (host) => {
    expect(problemsOf({ ...account, BUSBAR_ALLOWED_HOSTS: host })).toEqual([]);
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

  test('returns the Zendesk account with the field names of its connector', () => {
    expect(readConfig(account).accounts).toEqual([
      {
        tenant: 'default',
        connector: 'zendesk',
        name: 'acme',
        config: { subdomain: 'acme', clientId: 'busbar', clientSecret: 'hush-hush' },
      },
    ]);
    const legacy = { ZENDESK_SUBDOMAIN: 'acme', ZENDESK_EMAIL: 'a@example.com', ZENDESK_API_TOKEN: 'hush' };
    expect(readConfig(legacy).accounts).toMatchObject([{ config: { subdomain: 'acme', email: 'a@example.com', apiToken: 'hush' } }]);
  });

  test.each(['${KEY}', '${BUSBAR_SECRET_OF_THE_PRODUCTION_SERVER}', '$SENDGRID_API_KEY'])(
    'refuses %s, a variable that nothing has replaced',
    (value) => {
      const problems = problemsOf({ SENDGRID_API_KEY: value, BUSBAR_SECRET: value, UNRELATED: value });
      for (const name of ['SENDGRID_API_KEY', 'BUSBAR_SECRET'])
        expect(problems).toContain(`${name} is the name of a variable, not its value. Docker’s --env-file, for one, does not replace it.`);
      expect(problems.join()).not.toContain('UNRELATED');
    },
  );

  test('takes a secret with a dollar sign', () => {
    expect(problemsOf({ ...account, ZENDESK_CLIENT_SECRET: '$ecret$HUSH_HUSH' })).toEqual([]);
  });

  test('lists all problems in sentences without the values of secrets', () => {
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
      'BUSBAR_CALLS_PER_MINTUE is not a setting of this server. Check its spelling.',
      'PORT must be a whole number from 0 to 65535.',
      'LOG_LEVEL must be debug, info, warn, error or silent.',
      'BUSBAR_DRAIN_MS must be at least 100.',
      'DATABASE_URL must be a URL such as postgres://user:password@host:5432/database. Percent-encode special characters of the password, such as # as %23.',
      'BUSBAR_SECRET must be at least 32 characters, such as the output of: openssl rand -hex 32.',
      'BUSBAR_ALLOWED_ORIGINS must be origins such as https://app.example.com, separated by commas.',
      'BUSBAR_DEMO must be true or false.',
      'BUSBAR_REMAP_ORIGINS must be pairs such as https://acme.zendesk.com=http://127.0.0.1:4010, separated by commas.',
      'ZENDESK_SUBDOMAIN is needed with the other ZENDESK_* settings.',
      expect.stringMatching(/^ZENDESK_CLIENT_ID: /),
      'BUSBAR_REMAP_ORIGINS sends vendors’ credentials to another origin. It is not allowed in production.',
      'HOST can be reached from other machines. Set BUSBAR_ALLOWED_HOSTS to the host names of this server.',
    ]);
    expect(problems.join()).not.toContain('hush');
  });

  test('refuses several workers without a shared database, Redis and account, each with its reason', () => {
    const shared = { DATABASE_URL: 'postgres://db/busbar', REDIS_URL: 'redis://cache' };
    expect(problemsOf({ BUSBAR_WORKERS: '2' })).toEqual([
      expect.stringContaining('only one process can own the embedded database. Set DATABASE_URL'),
      expect.stringContaining('without Redis each process would grant every limit separately. Set REDIS_URL'),
      expect.stringContaining('each process would have its own sandboxes. Set ZENDESK_*'),
    ]);
    expect(problemsOf({ ...account, REDIS_URL: shared.REDIS_URL, BUSBAR_WORKERS: 'auto' })).toEqual([
      expect.stringContaining('BUSBAR_WORKERS is auto, but only one process'),
    ]);
    expect(problemsOf({ BUSBAR_WORKERS: '1' })).toEqual([]);
    expect(problemsOf({ ...account, ...shared, BUSBAR_WORKERS: 'many' })).toEqual([
      'BUSBAR_WORKERS must be a whole number from 1 to 64, or auto.',
    ]);
    expect(readConfig({ ...account, ...shared, BUSBAR_WORKERS: '3' }).BUSBAR_WORKERS).toBe(3);
    expect(readConfig({ ...account, ...shared, BUSBAR_WORKERS: 'auto' }).BUSBAR_WORKERS).toBe(availableParallelism());
  });

  test('returns the account of each vendor that has settings', () => {
    const org = { SALESFORCE_MY_DOMAIN: 'acme', SALESFORCE_CLIENT_ID: 'busbar', SALESFORCE_CLIENT_SECRET: 'hush-hush' };
    expect(readConfig({ ...account, ...org, SENDGRID_API_KEY: 'SG.hush', SENDGRID_WEBHOOK_KEY: 'MFkw' }).accounts).toMatchObject([
      { connector: 'zendesk', name: 'acme' },
      { connector: 'sendgrid', name: 'default', config: { apiKey: 'SG.hush', webhookKey: 'MFkw' } },
      { connector: 'salesforce', name: 'acme', config: { myDomain: 'acme', clientId: 'busbar', clientSecret: 'hush-hush' } },
    ]);
  });

  test('names an account as the connector reads it, even if the setting is its whole address', () => {
    const org = { SALESFORCE_CLIENT_ID: 'busbar', SALESFORCE_CLIENT_SECRET: 'hush-hush' };
    for (const SALESFORCE_MY_DOMAIN of ['https://acme.my.salesforce.com', 'ACME'])
      expect(readConfig({ ...org, SALESFORCE_MY_DOMAIN }).accounts).toMatchObject([{ name: 'acme' }]);
  });

  test('names the settings of each vendor that are missing or wrong', () => {
    expect(problemsOf({ SENDGRID_REGION: 'mars', SALESFORCE_CLIENT_SECRET: 'hush-hush' })).toEqual([
      'SENDGRID_API_KEY is needed with the other SENDGRID_* settings.',
      expect.stringMatching(/^SENDGRID_REGION: .*"eu"/),
      'SALESFORCE_MY_DOMAIN is needed with the other SALESFORCE_* settings.',
      'SALESFORCE_CLIENT_ID is needed with the other SALESFORCE_* settings.',
    ]);
  });

  test('refuses an incomplete Zendesk account', () => {
    expect(problemsOf({ ZENDESK_SUBDOMAIN: 'acme' })).toHaveLength(1);
    expect(problemsOf({ ZENDESK_SUBDOMAIN: 'acme', ZENDESK_EMAIL: 'a@example.com' })).toEqual([
      expect.stringMatching(/^ZENDESK_API_TOKEN: /),
    ]);
  });

  test('refuses demo mode together with an account, and neither of them', () => {
    expect(problemsOf({ ...account, BUSBAR_DEMO: 'true' })).toEqual([expect.stringContaining('Remove one of them')]);
    expect(problemsOf({ BUSBAR_DEMO: 'false' })).toEqual([expect.stringContaining('nothing to serve')]);
  });
});

describe('usage events', () => {
  const url = 'https://openmeter.example.com/api/v1/events';

  test('are off without a URL, and their other settings are then reported as mistakes', () => {
    expect(problemsOf({ BUSBAR_USAGE_EVENTS_TOKEN: 'hush', BUSBAR_USAGE_EVENTS_FORMAT: 'stripe' })).toEqual([
      'BUSBAR_USAGE_EVENTS_TOKEN is set but BUSBAR_USAGE_EVENTS_URL is not, so no event is sent. Set both or neither.',
      'BUSBAR_USAGE_EVENTS_FORMAT is set but BUSBAR_USAGE_EVENTS_URL is not, so no event is sent. Set both or neither.',
    ]);
  });

  test('map tenants to customers of Stripe', () => {
    const config = readConfig({
      BUSBAR_USAGE_EVENTS_URL: url,
      BUSBAR_USAGE_EVENTS_FORMAT: 'stripe',
      BUSBAR_USAGE_EVENTS_TOKEN: 'hush',
      BUSBAR_USAGE_EVENTS_CUSTOMERS: 'acme=cus_1, beta=cus_2',
    });
    expect(config.BUSBAR_USAGE_EVENTS_CUSTOMERS).toEqual({ acme: 'cus_1', beta: 'cus_2' });
  });

  test.each([
    ['a URL with a password', { BUSBAR_USAGE_EVENTS_URL: 'https://me:hush@example.com' }, /^BUSBAR_USAGE_EVENTS_URL must be a URL/],
    ['another protocol', { BUSBAR_USAGE_EVENTS_URL: 'ftp://example.com' }, /^BUSBAR_USAGE_EVENTS_URL must be a URL/],
    [
      'Stripe without a key',
      { BUSBAR_USAGE_EVENTS_URL: url, BUSBAR_USAGE_EVENTS_FORMAT: 'stripe' },
      /^BUSBAR_USAGE_EVENTS_TOKEN is needed/,
    ],
    [
      'an incomplete pair',
      { BUSBAR_USAGE_EVENTS_URL: url, BUSBAR_USAGE_EVENTS_CUSTOMERS: 'acme' },
      /^BUSBAR_USAGE_EVENTS_CUSTOMERS must be pairs/,
    ],
  ])('refuse %s', (_, change, reason) => {
    const problems = problemsOf(change);
    expect(problems).toEqual([expect.stringMatching(reason)]);
    expect(problems.join()).not.toContain('hush');
  });
});

describe('readConfig in production', () => {
  test('accepts safe settings', () => {
    expect(problemsOf(production)).toEqual([]);
    expect(problemsOf({ ...production, HOST: '0.0.0.0', BUSBAR_ALLOWED_HOSTS: 'mcp.example.com' })).toEqual([]);
    expect(problemsOf({ NODE_ENV: 'production', BUSBAR_SECRET: 'a secret of just 32 characters..', BUSBAR_DEMO: 'true' })).toEqual([]);
  });

  test.each(['http://127.0.0.1:4318', 'http://[::1]:4318', 'http://localhost:4318', 'https://collector.example.com'])(
    'accepts the collector %s',
    (url) => {
      expect(problemsOf({ ...production, OTEL_EXPORTER_OTLP_ENDPOINT: url })).toEqual([]);
    },
  );

  test('accepts every secret that openssl prints', () => {
    for (let time = 0; time < 1_000; time += 1)
      for (const encoding of ['hex', 'base64'] as const)
        expect(problemsOf({ ...production, BUSBAR_SECRET: randomBytes(32).toString(encoding) })).toEqual([]);
  });

  test.each([
    ['no secret', { BUSBAR_SECRET: '' }, /^BUSBAR_SECRET is needed/],
    ['a short secret', { BUSBAR_SECRET: 's'.repeat(31) }, /^BUSBAR_SECRET must be at least 32/],
    ['one letter as a secret', { BUSBAR_SECRET: 's'.repeat(32) }, /^BUSBAR_SECRET can be guessed/],
    ['a secret of few letters', { BUSBAR_SECRET: 'aaaabaaacaaadaaaeaaafaaagaaaaaaa' }, /^BUSBAR_SECRET can be guessed/],
    ['a repeated word as a secret', { BUSBAR_SECRET: 'passw0rd-'.repeat(4) }, /^BUSBAR_SECRET can be guessed/],
    ['a repeated text that is cut off', { BUSBAR_SECRET: 'correct-horse123correct-horse123corr' }, /^BUSBAR_SECRET can be guessed/],
    [
      'a demo that the settings do not request',
      { ZENDESK_SUBDOMAIN: '', ZENDESK_CLIENT_ID: '', ZENDESK_CLIENT_SECRET: '' },
      /^No vendor is configured/,
    ],
    ['remapped origins', { BUSBAR_REMAP_ORIGINS: 'https://acme.zendesk.com=http://127.0.0.1:1' }, /^BUSBAR_REMAP_ORIGINS/],
    [
      'usage events over plain HTTP',
      { BUSBAR_USAGE_EVENTS_URL: 'http://openmeter:8888/api/v1/events' },
      /^BUSBAR_USAGE_EVENTS_URL must begin/,
    ],
    ['traces over plain HTTP', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, /^OTEL_EXPORTER_OTLP_ENDPOINT must begin/],
    ['a public interface under any host name', { HOST: '0.0.0.0' }, /^HOST can be reached/],
  ])('refuses %s', (_, change, reason) => {
    expect(problemsOf({ ...production, ...change })).toEqual([expect.stringMatching(reason)]);
  });
});

describe('the files of connections, quotas and prices', () => {
  test('are reported with the other problems if they are wrong, each with its setting', () => {
    const problems = problemsOf({ PORT: 'x', BUSBAR_QUOTAS: '/nowhere/quotas.json', BUSBAR_PRICES: import.meta.filename });
    expect(problems).toEqual([
      expect.stringMatching(/^PORT /),
      'BUSBAR_QUOTAS: /nowhere/quotas.json: cannot be read (ENOENT).',
      expect.stringMatching(/^BUSBAR_PRICES: .*config\.test\.ts: is not valid JSON/),
    ]);
  });

  test('are read as shown in the README', async () => {
    const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8');
    const folder = await mkdtemp(join(tmpdir(), 'busbar-readme-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const examples = [...readme.matchAll(/^```json\n(\[[^]*?)^```/gm)].map(([, json = '']) => json);
    const files = await Promise.all(
      examples.map(async (json, index) => {
        await writeFile(join(folder, `${index}.json`), json);
        return join(folder, `${index}.json`);
      }),
    );
    const [connections = '', prices = '', quotas = ''] = files;
    expect(files).toHaveLength(3);
    const { accounts, usagePolicy } = readConfig({ BUSBAR_CONNECTIONS: connections, BUSBAR_QUOTAS: quotas, BUSBAR_PRICES: prices });
    expect(accounts.map(({ tenant, connector, name }) => [tenant, connector, name])).toEqual([
      ['default', 'salesforce', 'emea'],
      ['default', 'salesforce', 'apac'],
      ['acme', 'sendgrid', 'newsletter'],
    ]);
    expect(usagePolicy.quotas).toContainEqual({ of: 'money', limit: 25_000_000, per: 'month', each: 'tenant', where: { tenant: 'acme' } });
    expect(usagePolicy.prices?.[0]).toEqual({ tenant: 'acme', tool: 'zendesk_create_ticket', perCall: 10_000, from: '2026-07-01' });
  });
});

test('the tables in the README list every setting, its default and its effect', async () => {
  const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8');
  const rows = Object.entries(settings.shape).map(([name, schema]) => {
    const standard = schema.safeParse(undefined).data;
    return `| \`${name}\` | ${standard === undefined ? '' : `\`${String(standard)}\``} | ${schema.description ?? ''} |`;
  });
  const table = readme.split('\n').filter((line) => /^\| `[A-Z_]+`/.test(line));
  expect(table.map((line) => line.replaceAll(/\s+/g, ' '))).toEqual(rows.map((row) => row.replaceAll(/\s+/g, ' ')));
});
