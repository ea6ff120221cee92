import { firstTenant, type Account } from './account.ts';
import type { Vendor } from '../vendors/vendor.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the names of a vendor's settings begin with: `ACME_`. */
const prefixOf = ({ connector }: Vendor): string => `${toUpperSnake(connector.id.replaceAll('-', '_'))}_`;

/** All settings of a vendor in one word, for people. */
export const settingsOf = (vendor: Vendor): string => `${prefixOf(vendor)}*`;

/** The account that a vendor's settings describe, right or wrong. Undefined where none of them is set. */
export function accountOf(vendor: Vendor, env: Environment): Account | undefined {
  const config: Record<string, string> = {};
  for (const name of Object.keys(vendor.settings)) {
    const value = env[name];
    if (value !== undefined) config[toCamelCase(name.slice(prefixOf(vendor).length))] = value;
  }
  if (Object.keys(config).length === 0) return undefined;
  const name = (vendor.accountField !== undefined && config[vendor.accountField]) || 'default';
  return { tenant: firstTenant, connector: vendor.connector.id, name, config };
}

/** What is wrong with that account, a sentence each, with the settings' names and without their values. */
export function settingProblems(vendor: Vendor, { config }: Account): string[] {
  const issuesOf = (account: Account['config']) => vendor.connector.config.safeParse(account).error?.issues ?? [];
  const missing = issuesOf(config).flatMap(({ code, path: [field] }) =>
    code === 'invalid_type' && typeof field === 'string' && config[field] === undefined ? [field] : [],
  );
  const nameOf = (field: string) => `${prefixOf(vendor)}${toUpperSnake(field)}`;
  // Stand-ins for what is missing, so that the rest is looked at too.
  const rest = issuesOf({ ...config, ...Object.fromEntries(missing.map((field) => [field, 'missing'])) });
  return [
    ...missing.map((field) => `${nameOf(field)} is needed with the other ${settingsOf(vendor)} settings.`),
    ...rest.map(({ path, message }) => `${nameOf(path.join('.'))}: ${message}.`),
  ];
}

const toCamelCase = (name: string) => name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
const toUpperSnake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
