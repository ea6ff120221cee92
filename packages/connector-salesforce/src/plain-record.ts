import type { SObject } from './schemas.ts';

/** Nested results of a query that Salesforce cut short. */
export interface Cut {
  readonly field: string;
  readonly total: number;
}

/**
 * A record's fields without Salesforce's own marks (`attributes`). Related records become plain objects and lists. `onCut` hears of a list
 * of related records that is not whole.
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
    return records.map((one) => plainRecord(one as SObject, onCut));
  }
  return plainRecord(value as SObject, onCut);
}
