import type { Terms } from '@busbar/core';
import type { z } from 'zod';
import type { Account } from './account.ts';
import { readConnections } from './connections-file.ts';
import { isLoopback } from '../http/loopback.ts';
import { settings } from './settings.ts';
import { readPrices, readQuotas } from './quotas-and-prices.ts';
import { accountOf, settingProblems, settingsOf } from './vendor-settings.ts';
import { vendors } from '../vendors/vendors.ts';

/** What the server runs by: the settings under their own names, and what follows from them. Holds secrets: never log it whole. */
export type Config = z.output<typeof settings> & {
  /** The accounts of the vendors' settings, and those in the file of `BUSBAR_CONNECTIONS`. None: demo mode. */
  readonly accounts: readonly Account[];
  /** What stands in the files of `BUSBAR_QUOTAS` and `BUSBAR_PRICES`. */
  readonly terms: Terms;
};

/** The settings do not fit together. `problems` are sentences for a person, without the values of secrets. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The server cannot start with these settings:\n${problems.map((problem) => `  - ${problem}\n`).join('')}`);
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings. The one place that reads the environment. An empty value counts as none.
 *
 * @throws {ConfigError} with every problem at once.
 */
export function readConfig(environment: Environment = process.env): Config {
  const env: Environment = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
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
  return { ...parsed.data, accounts, terms: { quotas: files.quotas, prices: files.prices } };
}

function readFiles(env: Environment) {
  const problems: string[] = [];
  const from = <Content>(name: string, read: (path: string) => Content): Content | undefined => {
    const path = env[name];
    try {
      return path === undefined ? undefined : read(path);
    } catch (error) {
      problems.push(`${name}: ${(error as Error).message}.`);
      return undefined;
    }
  };
  return {
    quotas: from('BUSBAR_QUOTAS', readQuotas),
    prices: from('BUSBAR_PRICES', readPrices),
    connections: from('BUSBAR_CONNECTIONS', readConnections),
    problems,
  };
}

function unknownSettings(env: Environment): string[] {
  const names = Object.keys(env).filter((name) => name.startsWith('BUSBAR_') && !(name in settings.shape));
  return names.map((name) => `${name} is no setting of this server. Look for a misspelling.`);
}

const anyVendor = `Set ${vendors.map(settingsOf).join(', ')} or BUSBAR_CONNECTIONS`;

function demoProblems(env: Environment, sources: readonly string[]): string[] {
  if (env['BUSBAR_DEMO'] === 'false' && sources.length === 0)
    return [`BUSBAR_DEMO is false and no vendor is configured, so there is nothing to serve. ${anyVendor}.`];
  return env['BUSBAR_DEMO'] === 'true' && sources.length > 0
    ? [`BUSBAR_DEMO is true, and there is ${sources.join(', ')}. Leave one of them out.`]
    : [];
}

/** What is wrong with the connections together: a name is given once, and the host takes at most 100 of a tenant and connector. */
function accountProblems(accounts: readonly Account[]): string[] {
  const names = new Set<string>();
  const problems = new Set<string>();
  for (const { tenant, connector, name } of accounts) {
    const key = JSON.stringify([tenant, connector, name]);
    if (names.has(key))
      problems.add(`Two connections of ${connector} are called “${name}” for the tenant ${tenant}. Give one another name.`);
    names.add(key);
  }
  for (const [owner, list] of Map.groupBy(accounts, ({ tenant, connector }) => `${tenant} has more than 100 connections of ${connector}`))
    if (list.length > 100) problems.add(`The tenant ${owner}, which is the most.`);
  return [...problems];
}

function usageEventProblems(env: Environment): string[] {
  const name = 'BUSBAR_USAGE_EVENTS_';
  if (env[`${name}URL`] === undefined)
    return Object.keys(env)
      .filter((each) => each.startsWith(name) && each in settings.shape)
      .map((each) => `${each} is set and ${name}URL is not, so no event is sent. Set both or neither.`);
  return env[`${name}FORMAT`] === 'stripe' && env[`${name}TOKEN`] === undefined
    ? [`${name}TOKEN is needed for Stripe: a secret or restricted key that may write meter events.`]
    : [];
}

/** Workers are replicas on one machine, so what replicas cannot share they cannot either. */
function workerProblems(env: Environment, sources: readonly string[]): string[] {
  const { BUSBAR_WORKERS: workers = '1' } = env;
  if (workers === '1') return [];
  return [
    ...(env['DATABASE_URL'] === undefined
      ? [`BUSBAR_WORKERS is ${workers}, and one process alone can own the embedded database. Set DATABASE_URL, or leave it out.`]
      : []),
    ...(env['REDIS_URL'] === undefined
      ? [`BUSBAR_WORKERS is ${workers}, and without Redis each process would grant every limit anew. Set REDIS_URL, or leave it out.`]
      : []),
    ...(sources.length === 0
      ? [`BUSBAR_WORKERS is ${workers}, and each process would have sandboxes of its own. ${anyVendor}, or leave it out.`]
      : []),
  ];
}

function productionProblems(env: Environment, sources: readonly string[]): string[] {
  const problems: string[] = [];
  if (env['BUSBAR_SECRET'] === undefined)
    problems.push('BUSBAR_SECRET is needed in production: at least 32 characters, such as the output of: openssl rand -hex 32.');
  if (sources.length === 0 && env['BUSBAR_DEMO'] === undefined)
    problems.push(`No vendor is configured. ${anyVendor}, or BUSBAR_DEMO=true to serve sandboxes in production.`);
  if (env['BUSBAR_REMAP_ORIGINS'] !== undefined)
    problems.push('BUSBAR_REMAP_ORIGINS sends the credentials of vendors elsewhere. It is refused in production.');
  if (env['BUSBAR_USAGE_EVENTS_URL']?.startsWith('http:'))
    problems.push('BUSBAR_USAGE_EVENTS_URL must begin with https: in production. Who listens on the way would see the token.');
  if (env['HOST'] !== undefined && !isLoopback(env['HOST']) && env['BUSBAR_ALLOWED_HOSTS'] === undefined)
    problems.push('HOST can be reached from other machines, so BUSBAR_ALLOWED_HOSTS must say under which host names the server is called.');
  return problems;
}
