import type { Vendor } from '../vendors/vendor.ts';
import { firstTenant, type Account } from './account.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The prefix of a vendor's settings: `ACME_`. */
const prefixOf = ({ connector }: Vendor): string => `${toUpperSnake(connector.id.replaceAll('-', '_'))}_`;

/** A pattern that names all settings of a vendor in messages: `ACME_*`. */
export const settingsOf = (vendor: Vendor): string => `${prefixOf(vendor)}*`;

/** Returns the account in a vendor's settings, not yet validated, or undefined if none of the settings is set. */
export function accountOf(vendor: Vendor, env: Environment): Account | undefined {
  const config: Record<string, string> = {};
  for (const name of Object.keys(vendor.settings)) {
    const value = env[name];
    if (value !== undefined) config[toCamelCase(name.slice(prefixOf(vendor).length))] = value;
  }
  if (Object.keys(config).length === 0) return undefined;
  return { tenant: firstTenant, connector: vendor.connector.id, name: accountName(vendor, config), config };
}

/** Returns the name as the connector reads it: `acme`, even if the setting is the account's whole address. */
function accountName({ accountField, connector }: Vendor, config: Readonly<Record<string, string>>): string {
  const name = accountField === undefined ? undefined : config[accountField];
  if (accountField === undefined || name === undefined) return 'default';
  const read: unknown = connector.config.shape[accountField]?.safeParse(name).data;
  return typeof read === 'string' ? read : name;
}

/** Validates an account from a vendor's settings. Each problem is a sentence that names a setting and shows no values. */
export function settingProblems(vendor: Vendor, { config }: Account): string[] {
  const issuesOf = (account: Account['config']) => vendor.connector.config.safeParse(account).error?.issues ?? [];
  const missing = issuesOf(config).flatMap(({ code, path: [field] }) =>
    code === 'invalid_type' && typeof field === 'string' && config[field] === undefined ? [field] : [],
  );
  const nameOf = (field: string) => `${prefixOf(vendor)}${toUpperSnake(field)}`;
  // With placeholders for the missing fields, the schema checks the other fields too.
  const others = issuesOf({ ...config, ...Object.fromEntries(missing.map((field) => [field, 'missing'])) });
  return [
    ...missing.map((field) => `${nameOf(field)} is needed with the other ${settingsOf(vendor)} settings.`),
    ...others.map(({ path, message }) => `${nameOf(path.join('.'))}: ${message}.`),
  ];
}

const toCamelCase = (name: string) => name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
const toUpperSnake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
