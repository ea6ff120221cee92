import { fieldOf, referenceOf, relatedTo } from './field-paths.ts';
import { relationshipOf, type OrgObject } from './org-objects.ts';
import type { OrgRecord, OrgRecords } from './org-records.ts';

/**
 * Writes a record as Salesforce does: its type and link under `attributes`, and the fields at the given paths. A path such as `Owner.Name`
 * becomes a record inside the record. `base` is the path that a record's link starts with. @throws {VendorError} INVALID_FIELD
 */
export function viewRecord(records: OrgRecords, record: OrgRecord, object: OrgObject, paths: readonly string[], base: string): object {
  const attributesOf = (type: string, { Id }: OrgRecord) => ({ type, url: `${base}/sobjects/${type}/${Id}` });
  const view: Record<string, unknown> = { attributes: attributesOf(object.name, record) };
  for (const path of paths) {
    let target = view;
    let kind = object;
    let from: OrgRecord | undefined = record;
    const steps = path.split('.');
    for (const [index, step] of steps.entries()) {
      const last = index === steps.length - 1;
      const field = last ? fieldOf(kind, step) : referenceOf(kind, step);
      if (last) {
        target[field.name] = from?.[field.name] ?? null;
        continue;
      }
      const [related] = relatedTo(records, field, from);
      const name = relationshipOf(field) ?? step;
      if (!related) {
        target[name] ??= null;
        break;
      }
      kind = related.kind;
      from = related.record;
      target = (target[name] ??= { attributes: attributesOf(kind.name, from) }) as Record<string, unknown>;
    }
  }
  return view;
}
