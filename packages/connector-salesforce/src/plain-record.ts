import type { SObject } from './schemas.ts';

/** A list of related records that Salesforce cut short in a query's result. */
export interface Cut {
  readonly field: string;
  readonly total: number;
}

/**
 * Returns a record's fields without Salesforce's own metadata (`attributes`). Related records become plain objects and lists. Calls `onCut`
 * for each list of related records that is incomplete.
 */
export function plainRecord(record: SObject, onCut: (cut: Cut) => void = () => {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record)
      .filter(([name]) => name !== 'attributes')
      .map(([name, value]) => [name, plainValue(name, value, onCut)]),
  );
}

function plainValue(field: string, value: unknown, onCut: (cut: Cut) => void): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { records, done, totalSize } = value as { records?: unknown; done?: unknown; totalSize?: unknown };
  if (Array.isArray(records)) {
    if (done === false) onCut({ field, total: Number(totalSize) });
    return records.map((related) => plainRecord(related as SObject, onCut));
  }
  return plainRecord(value as SObject, onCut);
}
