import { childrenOf, relationshipOf, type OrgField, type OrgObject } from './org-objects.ts';

/** Returns the summary of an object, as the list of objects shows it. */
export const summarizeObject = (object: OrgObject) => ({
  name: object.name,
  label: object.name.replace(/__c$/, '').replaceAll('_', ' '),
  keyPrefix: object.keyPrefix,
  custom: object.name.endsWith('__c'),
  queryable: true,
  searchable: object.writable,
  createable: object.writable,
  updateable: object.writable,
  deletable: object.writable,
});

/** Returns the description of an object with its fields and child relationships. */
export function describeObject(objects: ReadonlyMap<string, OrgObject>, object: OrgObject): object {
  const fields = [...object.fields.values()].map((field: OrgField) => ({
    name: field.name,
    label: field.name.replace(/__c$/, '').replaceAll('_', ' '),
    type: field.type,
    length: field.type === 'string' ? 255 : 0,
    nillable: !field.required,
    defaultedOnCreate: false,
    createable: object.writable && !field.readOnly,
    updateable: object.writable && !field.readOnly,
    externalId: field.externalId,
    unique: field.unique,
    calculated: false,
    filterable: field.type !== 'textarea',
    inlineHelpText: null,
    referenceTo: field.refersTo,
    relationshipName: relationshipOf(field) ?? null,
    picklistValues: field.values.map((value) => ({ value, label: value, active: true })),
  }));
  const childRelationships = childrenOf(objects, object).map(({ child, field, name }) => ({
    childSObject: child.name,
    field: field.name,
    relationshipName: name ?? null,
    cascadeDelete: false,
  }));
  return { ...summarizeObject(object), fields, childRelationships };
}
