import { z } from 'zod';

// Inputs that several tools share. Names of objects and fields become part of paths and queries, so they must be identifiers.

const identifier = /^[A-Za-z]\w*$/;

/** The API name of an object: 80 characters at most. */
export const objectName = z
  .string()
  .max(80)
  .regex(identifier, 'An API name: letters, digits and _, such as "Account" or "Invoice__c"')
  .describe('API name of the object, such as "Account" or "Invoice__c"');

/** An id: 15 characters, which are case-sensitive, or 18, which are not. */
export const recordId = z
  .string()
  .regex(/^(?:[A-Za-z0-9]{15}|[A-Za-z0-9]{18})$/, 'An id has 15 or 18 letters and digits')
  .describe('Record id, 15 or 18 characters');

/** A field of the record, or a field of a related record: `Owner.Name`. */
export const fieldPath = z
  .string()
  .max(255)
  .regex(/^[A-Za-z]\w*(?:\.[A-Za-z]\w*){0,5}$/, 'An API name of a field, such as "Name" or "Owner.Name"')
  .describe('API name of a field, such as "Name" or "Owner.Name"');

const fieldName = z.string().max(80).regex(identifier, 'An API name of a field, such as "External_Id__c"');

/** The fields to write, by API name. */
export const fieldValues = (description: string) =>
  z
    .record(z.string().max(80).regex(identifier, 'An API name of a field, such as "Amount" or "Region__c"'), z.unknown())
    .refine((fields) => Object.keys(fields).length > 0, 'Give at least one field')
    .refine((fields) => Object.keys(fields).length <= 500, 'At most 500 fields')
    .describe(description);

/** The field by which an upsert finds the record. */
export const externalIdField = fieldName
  .refine(
    (name) => name.toLowerCase() !== 'id',
    'Id is not an external id. salesforce_get_record and salesforce_update_record take it as id, and salesforce_create_record needs none',
  )
  .describe('API name of an external id field of the object, such as "Erp_Id__c"');

/** The value of the external id field, 255 characters at most. A number field has its value as a number in answers. */
export const externalId = z.union([z.string().trim().min(1).max(255), z.number()]).describe('Value of the external id field');

/** Whether all rows of a collection are undone if one fails. */
export const allOrNone = z
  .boolean()
  .default(false)
  .describe('True: one row that fails undoes all. False: rows that are right are kept. Default: false');
