import { z } from 'zod';
import { isPlainName, plainNameRule } from '../plain-name.ts';
import { vendors } from '../vendors/vendors.ts';
import { firstTenant, type Account } from './account.ts';
import { readJsonList } from './json-file.ts';

const maxConnections = 1_000;

const ids = vendors.map(({ connector }) => connector.id);
const text = z
  .string('must be a string')
  .min(1, 'must not be empty')
  .max(100, 'must be at most 100 characters')
  .refine(isPlainName, plainNameRule);

const connection = z
  .strictObject({
    connector: z.enum(ids, `must be one of ${ids.map((id) => `"${id}"`).join(', ')}`),
    name: text,
    tenant: text.default(firstTenant),
    config: z.record(z.string(), z.unknown(), 'must be an object'),
  })
  .superRefine(({ connector: id, config }, { addIssue }) => {
    const schema = vendors.find(({ connector }) => connector.id === id)?.connector.config;
    const unknown = Object.keys(config).filter((key) => schema && !Object.hasOwn(schema.shape, key));
    for (const key of unknown) addIssue({ code: 'custom', path: ['config'], message: `does not know ${key}` });
    for (const { path, message } of schema?.safeParse(config).error?.issues ?? [])
      addIssue({ code: 'custom', path: ['config', ...path], message: isMissing(config, path) ? 'is missing' : message });
  });

const connections = z
  .array(connection, 'must be a list of connections')
  .min(1, 'must have at least one connection')
  .max(maxConnections, `must not have more than ${maxConnections} connections`);

/**
 * Reads connections from a JSON file: a list of `{ connector, name, tenant?, config }`. The connector's schema checks each `config`.
 *
 * @throws {Error} which names the file and each problem with its position, without the values of secrets.
 */
export function readConnections(path: string): readonly Account[] {
  return readJsonList(path, 'connection', connections);
}

const isMissing = (config: Readonly<Record<string, unknown>>, [field]: readonly PropertyKey[]): boolean =>
  typeof field === 'string' && config[field] === undefined;
