import type { Context } from '@busbar/core';
import type { SObject } from './schemas.ts';
import { isoTime } from './time.ts';

/** What a record shows only in part, by the names of the fields. */
interface Incomplete {
  readonly lists: Set<string>;
  readonly contents: Set<string>;
}

const nothing = (): Incomplete => ({ lists: new Set(), contents: new Set() });

/** Returns records as {@link plainRecord} does. Warns of incomplete lists of related records, and of contents that are not shown. */
export function plainRecords(records: readonly SObject[], { warn }: Pick<Context, 'warn'>): Record<string, unknown>[] {
  const incomplete = nothing();
  const plain = records.map((record) => plainRecord(record, incomplete));
  // One warning for each field: a warning for each record would use up the call's warnings.
  for (const field of incomplete.lists)
    warn(`Not all related records are shown in ${field} of some records. Query them by themselves to read the rest.`);
  for (const field of incomplete.contents) warn(`Of the contents of ${field}, Salesforce shows only the path, which no tool reads.`);
  return plain;
}

/** Whether a value is the path that Salesforce shows for the contents of a field of type base64, such as a file. */
export const isContentPath = (value: unknown): boolean =>
  typeof value === 'string' && /^\/services\/data\/v\d+\.\d\/sobjects\/\w+\/\w+\/\w+$/.test(value);

/**
 * Returns a record's fields without Salesforce's own metadata (`attributes`), and times as ISO 8601 in UTC. Related records become plain
 * objects and lists. Adds what is incomplete to `incomplete`.
 */
export function plainRecord(record: SObject, incomplete = nothing()): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record)
      .filter(([name]) => name !== 'attributes')
      .map(([name, value]) => [name, plainValue(name, value, incomplete)]),
  );
}

function plainValue(field: string, value: unknown, incomplete: Incomplete): unknown {
  if (isContentPath(value)) incomplete.contents.add(field);
  if (typeof value === 'string') return isoTime(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { records, done, nextRecordsUrl } = value as { records?: unknown; done?: unknown; nextRecordsUrl?: unknown };
  if (Array.isArray(records)) {
    if (done === false || typeof nextRecordsUrl === 'string') incomplete.lists.add(field);
    return records.map((related) => plainValue(field, related, incomplete));
  }
  return plainRecord(value as SObject, incomplete);
}
