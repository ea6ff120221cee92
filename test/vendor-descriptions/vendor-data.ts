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

/** Reads a JSON file, by its path below `shared/vendors`. */
export const readVendorData = <T>(path: string): T => JSON.parse(readFileSync(new URL(path, folder), 'utf8')) as T;
