import { relationshipOf, type OrgField, type OrgObject } from './org-objects.ts';
import type { OrgRecord, OrgRecords } from './org-records.ts';
import { refusal } from './refusal.ts';

/** Returns the field of an object, by its name in any case. @throws {VendorError} INVALID_FIELD */
export function fieldOf(object: OrgObject, name: string): OrgField {
  const field = [...object.fields.values()].find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  if (!field) throw noField(object, name);
  return field;
}

/** Returns the reference field behind a step of a path: `OwnerId` for `Owner`. @throws {VendorError} INVALID_FIELD */
export function referenceOf(object: OrgObject, step: string): OrgField {
  const field = [...object.fields.values()].find((candidate) => relationshipOf(candidate)?.toLowerCase() === step.toLowerCase());
  if (!field)
    throw refusal(
      400,
      'INVALID_FIELD',
      `Didn't understand relationship '${step}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name.`,
    );
  return field;
}

const noField = (object: OrgObject, name: string) =>
  refusal(
    400,
    'INVALID_FIELD',
    `No such column '${name}' on entity '${object.name}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name.`,
  );

/** Returns the records that a reference names, with their objects: at most one record for each object that the field may refer to. */
export function relatedTo(records: OrgRecords, field: OrgField, record: OrgRecord | undefined): { kind: OrgObject; record: OrgRecord }[] {
  return field.refersTo.flatMap((name) => {
    const kind = records.objects.get(name);
    const related = kind && records.get(name, record?.[field.name]);
    return related ? [{ kind, record: related }] : [];
  });
}

/** Returns the value at a path such as `Owner.Name`, or null. @throws {VendorError} INVALID_FIELD */
export function valueAt(records: OrgRecords, path: string, record: OrgRecord, kind: OrgObject): unknown {
  const [step = '', ...rest] = path.split('.');
  if (rest.length === 0) return record[fieldOf(kind, step).name] ?? null;
  const [related] = relatedTo(records, referenceOf(kind, step), record);
  return related ? valueAt(records, rest.join('.'), related.record, related.kind) : null;
}

/** Returns the field at the end of a path. @throws {VendorError} INVALID_FIELD */
export function fieldAt(records: OrgRecords, path: string, kind: OrgObject): OrgField {
  const [step = '', ...rest] = path.split('.');
  if (rest.length === 0) return fieldOf(kind, step);
  const next = records.objects.get(referenceOf(kind, step).refersTo[0] ?? '');
  if (!next) throw noField(kind, step);
  return fieldAt(records, rest.join('.'), next);
}
