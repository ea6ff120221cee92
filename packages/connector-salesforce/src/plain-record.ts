import type { SObject } from './schemas.ts';
import { isoTime } from './time.ts';

/**
 * Returns a record's fields without Salesforce's own metadata (`attributes`), and times as ISO 8601 in UTC. Related records become plain
 * objects and lists. Calls `onCut` with the field of each list of related records that is incomplete.
 */
export function plainRecord(record: SObject, onCut: (field: string) => void = () => {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record)
      .filter(([name]) => name !== 'attributes')
      .map(([name, value]) => [name, plainValue(name, value, onCut)]),
  );
}

function plainValue(field: string, value: unknown, onCut: (field: string) => void): unknown {
  if (typeof value === 'string') return isoTime(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { records, done, nextRecordsUrl } = value as { records?: unknown; done?: unknown; nextRecordsUrl?: unknown };
  if (Array.isArray(records)) {
    if (done === false || typeof nextRecordsUrl === 'string') onCut(field);
    return records.map((related) => plainValue(field, related, onCut));
  }
  return plainRecord(value as SObject, onCut);
}
