import type { Clock } from '@busbar/core';
import { parseTime } from '../time.ts';
import type { OrgObject } from './org-objects.ts';
import { refusal } from './refusal.ts';

/** A record in the sandbox: every field by its API name. */
export type OrgRecord = Record<string, unknown> & { readonly Id: string };

const maxRecords = 50_000;

/**
 * Creates the record store of an org. Deleted records stay in the store, marked with `IsDeleted`. It holds at most 50,000 records per
 * object.
 */
export function createRecords(objects: ReadonlyMap<string, OrgObject>, clock: Clock) {
  const byObject = new Map<string, Map<string, OrgRecord>>();
  let last = 0;

  const tableOf = (object: string): Map<string, OrgRecord> => {
    const table = byObject.get(object) ?? new Map<string, OrgRecord>();
    byObject.set(object, table);
    return table;
  };

  return {
    objects,

    /** Returns all records of an object, including deleted records, oldest first. */
    all: (object: string): readonly OrgRecord[] => [...tableOf(object).values()],

    /** Returns the record with an id of 15 or 18 characters, unless it is deleted. */
    get(object: string, id: unknown): OrgRecord | undefined {
      if (typeof id !== 'string') return undefined;
      const record = tableOf(object).get(id.slice(0, 15));
      return record?.['IsDeleted'] === true ? undefined : record;
    },

    /** Returns the object that a record with this id belongs to. */
    objectOf: (id: string): OrgObject | undefined => [...objects.values()].find(({ keyPrefix }) => id.startsWith(keyPrefix)),

    /** Adds a record without any checks, and returns it with its id. */
    add(object: string, fields: Readonly<Record<string, unknown>>): OrgRecord {
      const kind = objects.get(object);
      if (!kind) throw new TypeError(`The sandbox has no object ${object}`);
      const table = tableOf(object);
      if (table.size >= maxRecords) throw refusal(400, 'STORAGE_LIMIT_EXCEEDED', 'storage limit exceeded');
      last += 1;
      const id = `${kind.keyPrefix}${String(last).padStart(12, '0')}`;
      const now = timestamp(clock.now());
      const record: OrgRecord = {
        ...Object.fromEntries([...kind.fields.keys()].map((name) => [name, null])),
        CreatedDate: now,
        LastModifiedDate: now,
        SystemModstamp: now,
        IsDeleted: false,
        ...fields,
        Id: `${id}AAA`,
      };
      table.set(id, record);
      return record;
    },

    change(record: OrgRecord, fields: Readonly<Record<string, unknown>>): void {
      const now = timestamp(clock.now());
      Object.assign(record, fields, { LastModifiedDate: now, SystemModstamp: now });
    },
  };
}

/** The value that {@link createRecords} returns. */
export type OrgRecords = ReturnType<typeof createRecords>;

/** Writes a time as Salesforce does: whole seconds, and an offset without a colon. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}.000+0000`;
}

/** Reads the time in a field's value. NaN if the value is not a time. */
export const timeOf = (value: unknown): number => parseTime(String(value));
