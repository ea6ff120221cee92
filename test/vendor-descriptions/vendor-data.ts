import { existsSync, readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../../shared/vendors/', import.meta.url);

/** The vendors' own descriptions and recordings, which stand beside the repository and are no part of it. */
export const vendorDataIsHere = existsSync(folder);

if (!vendorDataIsHere)
  console.warn(
    'Skipped: the tests against vendors’ own descriptions and recordings, since ../shared/vendors is not beside the repository.',
  );

/** A recorded exchange with a real account. */
export interface Recording {
  readonly name: string;
  readonly response: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: unknown };
}

/** The exchanges that are recorded of one vendor, by name. What was recorded of its webhooks is none. */
export function readRecordings(vendor: 'salesforce' | 'sendgrid' | 'zendesk'): ReadonlyMap<string, Recording> {
  const files = readdirSync(new URL(`recorded/${vendor}/`, folder));
  const all = files.map((file) => readVendorData<Partial<Recording> & { readonly name: string }>(`recorded/${vendor}/${file}`));
  return new Map(all.flatMap(({ name, response }) => (response ? [[name, { name, response }]] : [])));
}

/** What is recorded of one vendor, its webhooks too, in order. */
export const recordingNames = (vendor: 'salesforce' | 'sendgrid' | 'zendesk'): string[] =>
  readdirSync(new URL(`recorded/${vendor}/`, folder))
    .map((file) => file.replace(/\.json$/, ''))
    .toSorted();

/** A file of JSON, by its path below `shared/vendors`. */
export const readVendorData = <T>(path: string): T => JSON.parse(readFileSync(new URL(path, folder), 'utf8')) as T;
