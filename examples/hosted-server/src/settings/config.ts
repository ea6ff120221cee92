import { pastedText, type UsagePolicy } from '@busbar/core';
import { isLoopback } from '@busbar/core/mcp/http';
import type { z } from 'zod';
import type { Account } from './account.ts';
import { readConnections } from './connections-file.ts';
import { settings } from './settings.ts';
import { readPrices, readQuotas } from './quotas-and-prices.ts';
import { accountOf, settingProblems, settingsOf } from './vendor-settings.ts';
import { vendors } from '../vendors/vendors.ts';

/**
 * The configuration of the server: the settings under their own names, and the content of the files that they name. Contains secrets: never
 * log it whole.
 */
export type Config = z.output<typeof settings> & {
  /** The accounts in the vendors' settings and in the `BUSBAR_CONNECTIONS` file. Empty in demo mode. */
  readonly accounts: readonly Account[];
  /** The rules in the `BUSBAR_QUOTAS` and `BUSBAR_PRICES` files. */
  readonly usagePolicy: UsagePolicy;
};

/** Thrown if the settings are invalid. `problems` are sentences for a person, without the values of secrets. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The server cannot start with these settings:\n${problems.map((problem) => `  - ${problem}\n`).join('')}`);
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

const asMeant = pastedText();

/**
 * Reads the settings. No other code reads the environment. An empty value counts as not set. Quotes and blanks around a value do not
 * count, because `docker run --env-file` keeps them.
 *
 * @throws {ConfigError} which lists every problem.
 */
export function readConfig(environment: Environment = process.env): Config {
  const env: Environment = Object.fromEntries(
    Object.entries(environment)
      .map(([name, value = '']) => [name, asMeant.parse(value)] as const)
      .filter(([, value]) => value !== ''),
  );
  const parsed = settings.safeParse(env);
  const files = readFiles(env);
  const configured = vendors.flatMap((vendor) => {
    const account = accountOf(vendor, env);
    return account ? [{ vendor, account }] : [];
  });
  const accounts = [...configured.map(({ account }) => account), ...(files.connections ?? [])];
  const sources = [
    ...configured.map(({ vendor }) => settingsOf(vendor)),
    ...(env['BUSBAR_CONNECTIONS'] === undefined ? [] : ['BUSBAR_CONNECTIONS']),
  ];
  const problems = [
    ...unknownSettings(env),
    ...placeholders(env),
    ...(parsed.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}.`) ?? []),
    ...configured.flatMap(({ vendor, account }) => settingProblems(vendor, account)),
    ...demoProblems(env, sources),
    ...files.problems,
    ...accountProblems(accounts),
    ...usageEventProblems(env),
    ...workerProblems(env, sources),
    ...(env['NODE_ENV'] === 'production' ? productionProblems(env, sources) : []),
  ];
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return { ...parsed.data, accounts, usagePolicy: { quotas: files.quotas, prices: files.prices } };
}

function readFiles(env: Environment) {
  const problems: string[] = [];
  const readFile = <Content>(name: string, read: (path: string) => Content): Content | undefined => {
    const path = env[name];
    try {
      return path === undefined ? undefined : read(path);
    } catch (error) {
      problems.push(`${name}: ${(error as Error).message}.`);
      return undefined;
    }
  };
  return {
    quotas: readFile('BUSBAR_QUOTAS', readQuotas),
    prices: readFile('BUSBAR_PRICES', readPrices),
    connections: readFile('BUSBAR_CONNECTIONS', readConnections),
    problems,
  };
}

function unknownSettings(env: Environment): string[] {
  const names = Object.keys(env).filter((name) => name.startsWith('BUSBAR_') && !(name in settings.shape));
  return names.map((name) => `${name} is not a setting of this server. Check its spelling.`);
}

/** The settings whose variables nothing has replaced. A vendor would refuse such a key, and a secret from a template is known to others. */
function placeholders(env: Environment): string[] {
  const isPlaceholder = (value = '') => /^\$(\{[^}]*\}|[A-Z][A-Z\d]*(_[A-Z\d]+)+)$/.test(value);
  const names = Object.keys(env).filter((name) => name in settings.shape && isPlaceholder(env[name]));
  return names.map((name) => `${name} is the name of a variable, not its value. Docker’s --env-file, for one, does not replace it.`);
}

const anyVendor = `Set ${vendors.map(settingsOf).join(', ')} or BUSBAR_CONNECTIONS`;

function demoProblems(env: Environment, sources: readonly string[]): string[] {
  if (env['BUSBAR_DEMO'] === 'false' && sources.length === 0)
    return [`BUSBAR_DEMO is false and no vendor is configured, so there is nothing to serve. ${anyVendor}.`];
  return env['BUSBAR_DEMO'] === 'true' && sources.length > 0
    ? [`BUSBAR_DEMO is true, but ${sources.join(' and ')} is set too. Remove one of them.`]
    : [];
}

/** Checks the connections together: names must be unique, and the host accepts at most 100 connections of a tenant and connector. */
function accountProblems(accounts: readonly Account[]): string[] {
  const names = new Set<string>();
  const problems = new Set<string>();
  for (const { tenant, connector, name } of accounts) {
    const key = JSON.stringify([tenant, connector, name]);
    if (names.has(key)) problems.add(`Two connections of ${connector} for the tenant ${tenant} are called “${name}”. Rename one of them.`);
    names.add(key);
  }
  for (const [owner, list] of Map.groupBy(accounts, ({ tenant, connector }) => `${tenant} has more than 100 connections of ${connector}`))
    if (list.length > 100) problems.add(`The tenant ${owner}. The limit is 100.`);
  return [...problems];
}

function usageEventProblems(env: Environment): string[] {
  const name = 'BUSBAR_USAGE_EVENTS_';
  if (env[`${name}URL`] === undefined)
    return Object.keys(env)
      .filter((each) => each.startsWith(name) && each in settings.shape)
      .map((each) => `${each} is set but ${name}URL is not, so no event is sent. Set both or neither.`);
  return env[`${name}FORMAT`] === 'stripe' && env[`${name}TOKEN`] === undefined
    ? [`${name}TOKEN is needed for Stripe: a secret or restricted key that may write meter events.`]
    : [];
}

/** Workers are replicas on one machine, so they need everything that replicas must share. */
function workerProblems(env: Environment, sources: readonly string[]): string[] {
  const { BUSBAR_WORKERS: workers = '1' } = env;
  if (workers === '1') return [];
  const problem = (reason: string, fix: string) => `BUSBAR_WORKERS is ${workers}, but ${reason}. ${fix}, or remove BUSBAR_WORKERS.`;
  return [
    ...(env['DATABASE_URL'] === undefined ? [problem('only one process can own the embedded database', 'Set DATABASE_URL')] : []),
    ...(env['REDIS_URL'] === undefined ? [problem('without Redis each process would grant every limit separately', 'Set REDIS_URL')] : []),
    ...(sources.length === 0 ? [problem('in demo mode each process would have its own sandboxes', anyVendor)] : []),
  ];
}

function productionProblems(env: Environment, sources: readonly string[]): string[] {
  const problems: string[] = [];
  if (env['BUSBAR_SECRET'] === undefined)
    problems.push('BUSBAR_SECRET is needed in production: at least 32 characters, such as the output of: openssl rand -hex 32.');
  if (sources.length === 0 && env['BUSBAR_DEMO'] === undefined)
    problems.push(`No vendor is configured. ${anyVendor}, or BUSBAR_DEMO=true to serve sandboxes in production.`);
  if (env['BUSBAR_REMAP_ORIGINS'] !== undefined)
    problems.push('BUSBAR_REMAP_ORIGINS sends vendors’ credentials to another origin. It is not allowed in production.');
  if (env['BUSBAR_USAGE_EVENTS_URL']?.startsWith('http:'))
    problems.push(
      'BUSBAR_USAGE_EVENTS_URL must begin with https: in production. Otherwise anyone on the network path could read the token.',
    );
  if (env['OTEL_TRACES_EXPORTER'] !== 'none' && isPlainHttpElsewhere(env['OTEL_EXPORTER_OTLP_ENDPOINT']))
    problems.push(
      'OTEL_EXPORTER_OTLP_ENDPOINT must begin with https: in production, unless it is on this machine. Otherwise anyone on the network path could read the traces. A collector on this machine can pass them on.',
    );
  if (env['HOST'] !== undefined && !isLoopback(env['HOST']) && env['BUSBAR_ALLOWED_HOSTS'] === undefined)
    problems.push('HOST can be reached from other machines. Set BUSBAR_ALLOWED_HOSTS to the host names of this server.');
  return problems;
}

const isPlainHttpElsewhere = (url: string | undefined): boolean =>
  url !== undefined && URL.canParse(url) && new URL(url).protocol === 'http:' && !isLoopback(new URL(url).hostname);
