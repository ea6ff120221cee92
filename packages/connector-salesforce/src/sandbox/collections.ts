import { VendorError } from '@busbar/core/testing';
import type { OrgRecords } from './org-records.ts';
import { notFound, refusal } from './refusal.ts';
import { vendorLimits } from './vendor-limits.ts';
import { createRecord, deleteRecord, updateRecord, upsertRecord, writableObject } from './write-record.ts';

type Row = Readonly<Record<string, unknown>>;

/**
 * Writes up to 200 rows. Each succeeds or fails independently. The answer is a 200 even if rows fail.
 *
 * @throws {VendorError} for a request that is invalid as a whole.
 */
export function writeCollection(
  records: OrgRecords,
  operation:
    | { readonly kind: 'create' | 'update' | 'delete' }
    | { readonly kind: 'upsert'; readonly object: string; readonly field: string },
  rows: readonly unknown[],
  allOrNone: boolean,
): object[] {
  if (rows.length === 0 || rows.length > vendorLimits.collectionRecords.most)
    throw refusal(
      400,
      'EXCEEDED_ID_LIMIT',
      `record limit reached. cannot submit more than ${vendorLimits.collectionRecords.most} records into this call`,
    );
  // Each function restores the state before one row, which touches only one record.
  const undo: (() => void)[] = [];
  const answers = rows.map((row): Row => {
    try {
      return { ...write(row as Row), success: true, errors: [] };
    } catch (error) {
      if (!(error instanceof VendorError) || !Array.isArray(error.body)) throw error;
      return {
        success: false,
        errors: (error.body as Row[]).map((problem) => ({
          statusCode: problem['errorCode'],
          message: problem['message'],
          fields: problem['fields'] ?? [],
        })),
      };
    }
  });
  if (!allOrNone || answers.every(({ success }) => success)) return answers;
  for (const restore of undo.toReversed()) restore();
  const rolledBack = {
    statusCode: 'ALL_OR_NONE_OPERATION_ROLLED_BACK',
    message: 'Record rolled back because not all records were valid and the request was using AllOrNone header',
    fields: [],
  };
  return answers.map((answer) => (answer['success'] ? { success: false, errors: [rolledBack] } : answer));

  function write(row: Row): Row {
    if (operation.kind === 'delete') {
      const id = String(row);
      const object = records.objectOf(id);
      if (!object) throw refusal(404, 'INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id');
      const record = deleteRecord(records, object, id);
      undo.push(() => records.change(record, { IsDeleted: false }));
      return { id: record.Id };
    }
    const object = writableObject(records, (row['attributes'] as Row | undefined)?.['type']);
    if (operation.kind === 'create') {
      const record = createRecord(records, object, row);
      undo.push(() => records.change(record, { IsDeleted: true }));
      return { id: record.Id };
    }
    if (operation.kind === 'update') {
      const id = row['id'] ?? row['Id'];
      if (id === undefined) throw refusal(400, 'MISSING_ARGUMENT', 'Id not specified in an update call');
      const before = { ...records.get(object.name, id) };
      const record = updateRecord(records, object, id, row);
      undo.push(() => records.change(record, before));
      return { id: record.Id };
    }
    if (operation.kind !== 'upsert') throw notFound();
    const { [operation.field]: value, ...fields } = row;
    if (value === undefined) throw refusal(400, 'MISSING_ARGUMENT', `${operation.field} not specified`);
    const { record, created } = upsertRecord(records, object, operation.field, value, fields, '');
    undo.push(() => created && records.change(record, { IsDeleted: true }));
    return { id: record.Id, created };
  }
}
