import { VendorError } from '@busbar/core/testing';
import type { OrgObject } from './org-objects.ts';
import type { OrgRecord, OrgRecords } from './org-records.ts';
import { refusal } from './refusal.ts';

type Input = Readonly<Record<string, unknown>>;

/** Returns the object if it can be written. @throws {VendorError} */
export function writableObject(records: OrgRecords, name: unknown): OrgObject {
  const object = typeof name === 'string' ? records.objects.get(name) : undefined;
  if (!object?.apis.includes('data')) throw refusal(404, 'NOT_FOUND', 'The requested resource does not exist');
  if (!object.writable)
    throw refusal(400, 'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY', `entity type ${object.name} does not support this operation`);
  return object;
}

/** Creates a record. @throws {VendorError} */
export function createRecord(records: OrgRecords, object: OrgObject, input: Input): OrgRecord {
  const fields = checked(records, object, input);
  const missing = [...object.fields.values()]
    .filter(({ required, name }) => required && (fields[name] ?? '') === '')
    .map(({ name }) => name);
  if (missing.length > 0) throw refusal(400, 'REQUIRED_FIELD_MISSING', `Required fields are missing: [${missing.join(', ')}]`, missing);
  return records.add(object.name, fields);
}

/** Changes a record. @throws {VendorError} */
export function updateRecord(records: OrgRecords, object: OrgObject, id: unknown, input: Input): OrgRecord {
  const record = existing(records, object, id);
  const fields = checked(records, object, input, record);
  const emptied = Object.keys(fields).filter((name) => object.fields.get(name)?.required && (fields[name] ?? '') === '');
  if (emptied.length > 0) throw refusal(400, 'REQUIRED_FIELD_MISSING', `Required fields are missing: [${emptied.join(', ')}]`, emptied);
  records.change(record, fields);
  return record;
}

/** Creates or changes the record with an external id. @throws {VendorError} 300 if several records have that id. */
export function upsertRecord(
  records: OrgRecords,
  object: OrgObject,
  field: string,
  value: unknown,
  input: Input,
  base: string,
): { readonly record: OrgRecord; readonly created: boolean } {
  const found = byExternalId(records, object, field, value);
  if (found.length > 1)
    throw new VendorError(
      300,
      found.map(({ Id }) => `${base}/sobjects/${object.name}/${Id}`),
    );
  const [record] = found;
  if (record) return { record: updateRecord(records, object, record.Id, input), created: false };
  return { record: createRecord(records, object, { ...input, [field]: value }), created: true };
}

/** Returns the records with an external id. @throws {VendorError} if the field is neither an external id nor an e-mail field. */
export function byExternalId(records: OrgRecords, object: OrgObject, field: string, value: unknown): OrgRecord[] {
  const kind = object.fields.get(field);
  if (!kind?.externalId && kind?.type !== 'email')
    throw refusal(400, 'INVALID_FIELD', `Provided external ID field does not exist or is not accessible: ${field}`);
  return records
    .all(object.name)
    .filter((record) => record['IsDeleted'] !== true && String(record[field]).toLowerCase() === String(value).toLowerCase());
}

/** Puts a record into the recycle bin. @throws {VendorError} */
export function deleteRecord(records: OrgRecords, object: OrgObject, id: unknown): OrgRecord {
  const record = existing(records, object, id);
  records.change(record, { IsDeleted: true });
  return record;
}

/** Returns a record. @throws {VendorError} 404, with a different code for a deleted record. */
export function existing(records: OrgRecords, object: OrgObject, id: unknown): OrgRecord {
  const record = records.get(object.name, id);
  if (record) return record;
  const deleted = records.all(object.name).some(({ Id }) => typeof id === 'string' && Id.startsWith(id.slice(0, 15)));
  throw deleted
    ? refusal(404, 'ENTITY_IS_DELETED', 'entity is deleted')
    : refusal(404, 'NOT_FOUND', 'The requested resource does not exist');
}

function checked(records: OrgRecords, object: OrgObject, input: Input, self?: OrgRecord): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input)) {
    if (name === 'attributes' || name.toLowerCase() === 'id') continue;
    const field = object.fields.get(name);
    if (!field) throw refusal(400, 'INVALID_FIELD', `No such column '${name}' on sobject of type ${object.name}`);
    if (field.readOnly)
      throw refusal(
        400,
        'INVALID_FIELD_FOR_INSERT_UPDATE',
        `Unable to create/update fields: ${name}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`,
        [name],
      );
    if (typeof value === 'object' && value !== null)
      throw refusal(400, 'JSON_PARSER_ERROR', `Cannot deserialize instance of ${field.type} from a structured value`);
    if (field.values.length > 0 && value !== null && !field.values.includes(String(value)))
      throw refusal(400, 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', `${name}: bad value for restricted picklist field: ${String(value)}`, [
        name,
      ]);
    const [target] = field.refersTo;
    if (target !== undefined && value !== null && !records.get(target, value))
      throw refusal(400, 'INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id', [name]);
    const duplicate =
      field.unique && records.all(object.name).find((other) => other !== self && other['IsDeleted'] !== true && other[name] === value);
    if (duplicate && value !== null)
      throw refusal(400, 'DUPLICATE_VALUE', `duplicate value found: ${name} duplicates value on record with id: ${duplicate.Id}`, [name]);
    fields[name] = value;
  }
  return fields;
}
