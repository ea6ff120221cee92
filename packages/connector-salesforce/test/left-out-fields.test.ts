import { describe, expect, it } from 'vitest';
import { fieldsOfSchema, readVendorData, vendorDataIsHere } from '../../../test/vendor-descriptions/vendor-data.ts';
import { ChildRelationship, DescribeAnswer, Field, PicklistValue, RecordTypeInfo } from '../src/schemas.ts';
import { leftOutFields } from './left-out-fields.ts';

/** What is read of each schema in Salesforce's description. */
const read = {
  object: [DescribeAnswer, 'SObjectDescribe'],
  field: [Field, 'Field9'],
  picklistValue: [PicklistValue, 'PicklistValue'],
  child: [ChildRelationship, 'ChildRelationship'],
  recordType: [RecordTypeInfo, 'RecordTypeInfo'],
} as const;

describe.skipIf(!vendorDataIsHere)('the fields in Salesforce’s own description', () => {
  it.each(Object.entries(read))('of a %s are either shown or left out for a reason', (kind, [schema, described]) => {
    const leftOut = leftOutFields[kind as keyof typeof read];
    const decided = [...Object.keys(schema.shape), ...Object.keys(leftOut)];
    expect(decided.toSorted()).toEqual(fieldsOfSchema(readVendorData('openapi/salesforce-platform-v64.json'), described));
    for (const reason of Object.values(leftOut)) expect(reason).toMatch(/^\S.+\.$/);
  });
});
