import { existsSync, readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../../../shared/vendors/', import.meta.url);

/** The vendors' own descriptions and recordings, which stand beside the repository and are no part of it. */
export const vendorDataIsHere = existsSync(folder);

if (!vendorDataIsHere)
  console.warn(
    'Skipped: the tests against Salesforce’s own descriptions and recordings, since ../shared/vendors is not beside the repository.',
  );

/** A recorded exchange with a real org. */
export interface Recording {
  readonly name: string;
  readonly response: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: unknown };
}

/** `platform`: the REST resources. `sobjects`: the standard objects and their fields. */
export function readDescription(name: 'platform-v64' | 'sobjects-v59'): Record<string, unknown> {
  return readJson(`openapi/salesforce-${name}.json`) as Record<string, unknown>;
}

/** By name. */
export function readRecordings(): ReadonlyMap<string, Recording> {
  const names = readdirSync(new URL('recorded/salesforce/', folder));
  return new Map(names.map((name) => readJson(`recorded/salesforce/${name}`) as Recording).map((recording) => [recording.name, recording]));
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(new URL(path, folder), 'utf8')) as unknown;
