import { zendesk } from '@busbar/connector-zendesk';
import type { Terms } from '@busbar/core';
import type { z } from 'zod';
import { isLoopback } from './loopback.ts';
import { settings } from './settings.ts';
import { readPrices, readQuotas } from './tariff.ts';

/** What the server runs by: the settings under their own names, and what follows from them. Holds secrets: never log it whole. */
export type Config = z.output<typeof settings> & {
  /** The Zendesk account, as the connector's config wants it. Undefined: demo mode. */
  readonly zendesk: Readonly<Record<string, string>> | undefined;
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
  const terms = readTerms(env);
  const problems = [
    ...unknownSettings(env),
    ...(parsed.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}.`) ?? []),
    ...vendorProblems(env),
    ...terms.problems,
    ...usageEventProblems(env),
    ...(env['NODE_ENV'] === 'production' ? productionProblems(env) : []),
  ];
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return { ...parsed.data, zendesk: zendeskSettings(env), terms: terms.terms };
}

function readTerms(env: Environment): { readonly terms: Terms; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const from = <Rules>(name: string, read: (path: string) => Rules): Rules | undefined => {
    const path = env[name];
    try {
      return path === undefined ? undefined : read(path);
    } catch (error) {
      problems.push(`${name}: ${(error as Error).message}.`);
      return undefined;
    }
  };
  return { terms: { quotas: from('BUSBAR_QUOTAS', readQuotas), prices: from('BUSBAR_PRICES', readPrices) }, problems };
}

function unknownSettings(env: Environment): string[] {
  const names = Object.keys(env).filter((name) => name.startsWith('BUSBAR_') && !(name in settings.shape));
  return names.map((name) => `${name} is no setting of this server. Look for a misspelling.`);
}

/** `ZENDESK_CLIENT_ID` is `clientId` in the connector's config, and so on. Undefined where none is set. */
function zendeskSettings(env: Environment): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const name of Object.keys(settings.shape)) {
    const value = env[name];
    if (name.startsWith('ZENDESK_') && value !== undefined) found[toCamelCase(name.slice('ZENDESK_'.length))] = value;
  }
  return Object.keys(found).length > 0 ? found : undefined;
}

function vendorProblems(env: Environment): string[] {
  const account = zendeskSettings(env);
  if (!account) {
    return env['BUSBAR_DEMO'] === 'false'
      ? ['BUSBAR_DEMO is false and no vendor is configured, so there is nothing to serve. Set ZENDESK_SUBDOMAIN and its credentials.']
      : [];
  }
  const problems: string[] = [];
  if (account['subdomain'] === undefined) problems.push('ZENDESK_SUBDOMAIN is needed with the other ZENDESK_* settings.');
  // A stand-in for what is missing, so that the rest is looked at too.
  const issues = zendesk.config.safeParse({ subdomain: 'missing', ...account }).error?.issues ?? [];
  problems.push(...issues.map(({ path, message }) => `ZENDESK_${toUpperSnake(path.join('.'))}: ${message}.`));
  if (env['BUSBAR_DEMO'] === 'true') problems.push('BUSBAR_DEMO is true and ZENDESK_* is set. Leave one of them out.');
  return problems;
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

function productionProblems(env: Environment): string[] {
  const problems: string[] = [];
  if (env['BUSBAR_SECRET'] === undefined)
    problems.push('BUSBAR_SECRET is needed in production: at least 32 characters, such as the output of: openssl rand -hex 32.');
  if (!zendeskSettings(env) && env['BUSBAR_DEMO'] === undefined)
    problems.push(
      'No vendor is configured. Set ZENDESK_SUBDOMAIN and its credentials, or BUSBAR_DEMO=true to serve the sandbox in production.',
    );
  if (env['BUSBAR_REMAP_ORIGINS'] !== undefined)
    problems.push('BUSBAR_REMAP_ORIGINS sends the credentials of vendors elsewhere. It is refused in production.');
  if (env['BUSBAR_USAGE_EVENTS_URL']?.startsWith('http:'))
    problems.push('BUSBAR_USAGE_EVENTS_URL must begin with https: in production. Who listens on the way would see the token.');
  if (env['HOST'] !== undefined && !isLoopback(env['HOST']) && env['BUSBAR_ALLOWED_HOSTS'] === undefined)
    problems.push('HOST can be reached from other machines, so BUSBAR_ALLOWED_HOSTS must say under which host names the server is called.');
  return problems;
}

const toCamelCase = (name: string) => name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
const toUpperSnake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
