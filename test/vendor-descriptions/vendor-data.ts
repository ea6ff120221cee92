import { existsSync, readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../../shared/vendors/', import.meta.url);

/** Whether the vendors' own descriptions and recordings are beside the repository. They are not part of it. */
export const vendorDataIsHere = existsSync(folder);

if (!vendorDataIsHere)
  console.warn('Skipped: the tests against vendors’ own descriptions and recordings, since ../shared/vendors does not exist.');

/** A recorded exchange with a real account. */
export interface Recording {
  readonly name: string;
  readonly response: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: unknown };
}

/** Reads the recorded exchanges of one vendor, by name. Recorded webhooks are not exchanges, and are left out. */
export function readRecordings(vendor: 'salesforce' | 'sendgrid' | 'zendesk'): ReadonlyMap<string, Recording> {
  const files = readdirSync(new URL(`recorded/${vendor}/`, folder));
  const all = files.map((file) => readVendorData<Partial<Recording> & { readonly name: string }>(`recorded/${vendor}/${file}`));
  return new Map(all.flatMap(({ name, response }) => (response ? [[name, { name, response }]] : [])));
}

/** Returns the names of all recordings of one vendor, including webhooks, sorted. */
export const recordingNames = (vendor: 'salesforce' | 'sendgrid' | 'zendesk'): string[] =>
  readdirSync(new URL(`recorded/${vendor}/`, folder))
    .map((file) => file.replace(/\.json$/, ''))
    .toSorted();

/** Returns the names of the fields that a description gives a schema, itself or by schemas that it combines or lists, sorted. */
export function fieldsOfSchema(description: Description, name: string): string[] {
  const { schemas } = description.components;
  const namesIn = ({ $ref, items, properties, allOf = [], anyOf = [], oneOf = [] }: DescribedSchema = {}): string[] => [
    ...Object.keys(properties ?? {}),
    ...[...allOf, ...anyOf, ...oneOf, ...(items ? [items] : [])].flatMap(namesIn),
    ...($ref === undefined ? [] : namesIn(schemas[$ref.split('/').at(-1) ?? ''])),
  ];
  return [...new Set(namesIn(schemas[name]))].toSorted();
}

interface Description {
  readonly components: { readonly schemas: Readonly<Record<string, DescribedSchema>> };
}

interface DescribedSchema {
  readonly $ref?: string;
  readonly properties?: object;
  readonly items?: DescribedSchema;
  readonly allOf?: readonly DescribedSchema[];
  readonly anyOf?: readonly DescribedSchema[];
  readonly oneOf?: readonly DescribedSchema[];
}

/** Reads a JSON file, by its path below `shared/vendors`. */
export const readVendorData = <T>(path: string): T => JSON.parse(readFileSync(new URL(path, folder), 'utf8')) as T;
