import { ToolError, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { SalesforceClient } from '../client.ts';
import { plainRecords } from '../plain-record.ts';
import { parseTime, timeInput } from '../time.ts';
import { fieldsToWrite } from './fields-to-write.ts';
import { externalId, externalIdField, fieldPath, fieldValues, objectName, recordId } from './record-inputs.ts';

const Saved = z.object({
  object: z.string().describe('API name of the object'),
  id: z.string().optional().describe('Record id; absent if Salesforce does not return it'),
  url: z.string().optional().describe('Where a person looks at it'),
});

const saved = (client: SalesforceClient, object: string, id: string | null | undefined) => ({
  object,
  ...(id && { id, url: client.recordUrl(id) }),
});

export const recordTools = (tool: ToolBuilder<SalesforceClient>) => [
  tool({
    name: 'salesforce_get_record',
    description:
      'Reads one Salesforce record by its id, or by an external id: the fields you name, or all that have a value. Use salesforce_query_records where you do not know the id.',
    effect: 'read',
    input: z.object({
      object: objectName,
      id: recordId.optional().describe('Record id, 15 or 18 characters. Absent: give externalIdField and externalId'),
      externalIdField: externalIdField.optional().describe('API name of the external id field to find it by. Absent: by id'),
      externalId: externalId.optional().describe('Value of externalIdField. Absent: by id'),
      fields: z.array(fieldPath).min(1).max(100).optional().describe('Fields to show, 1 to 100. Absent: all that have a value'),
    }),
    output: Saved.extend({
      fields: z.record(z.string(), z.unknown()).describe('Its fields by API name'),
      modifiedAt: z.string().optional().describe('When it last changed: the value for ifUnmodifiedSince'),
    }),
    run: async ({ object, id, fields, ...by }, client, context) => {
      const { externalIdField: field, externalId: value } = by;
      const given = [id, field, value].map((input) => input !== undefined).join();
      if (given !== 'true,false,false' && given !== 'false,true,true')
        throw new ToolError('INVALID_INPUT', 'Give id, or externalIdField and externalId, and not both.');
      const record =
        id !== undefined
          ? await client.getRecord(object, id, fields, context)
          : await client.getRecordByExternalId(object, field ?? '', String(value), fields, context);
      const [plain = {}] = plainRecords([record], context);
      // Salesforce's own id has 18 characters, even if the given id has 15.
      const foundId = typeof plain['Id'] === 'string' ? plain['Id'] : (record.attributes?.url?.split('/').at(-1) ?? id);
      // Salesforce returns every field, and most of them are empty.
      const values = fields ? plain : Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== null));
      return {
        ...saved(client, object, foundId),
        fields: values,
        ...(typeof plain['LastModifiedDate'] === 'string' && { modifiedAt: plain['LastModifiedDate'] }),
      };
    },
  }),

  tool({
    name: 'salesforce_create_record',
    description:
      'Creates one Salesforce record and returns its id. Each call makes one more, so do not repeat a call whose outcome is unknown before you have looked; where the object has an external id field, salesforce_upsert_record can be repeated. For several at once use salesforce_create_records.',
    effect: 'write',
    input: z.object({
      object: objectName,
      fields: fieldValues(
        'Fields by API name, for example {"Name": "Acme", "Industry": "Banking"}; salesforce_describe_object says which are required',
      ),
    }),
    output: Saved,
    run: async ({ object, fields }, client, context) =>
      saved(client, object, (await client.createRecord(object, fieldsToWrite(fields, { object }), context)).id),
  }),

  tool({
    name: 'salesforce_update_record',
    description:
      'Changes fields of one Salesforce record; fields that you leave out stay as they are. For several at once use salesforce_update_records.',
    effect: 'write',
    input: z.object({
      object: objectName,
      id: recordId,
      fields: fieldValues('Fields to set by API name, null empties one, for example {"StageName": "Closed Won", "NextStep": null}'),
      ifUnmodifiedSince: timeInput
        .optional()
        .describe(
          'modifiedAt of the record as you read it: if it has changed since, nothing is written. Absent: it is written in any case',
        ),
    }),
    output: Saved,
    run: async ({ object, id, fields, ifUnmodifiedSince }, client, context) => {
      const unmodifiedSince = ifUnmodifiedSince === undefined ? undefined : new Date(parseTime(ifUnmodifiedSince));
      await client.updateRecord(object, id, fieldsToWrite(fields, { object, id }), unmodifiedSince, context);
      return saved(client, object, id);
    },
  }),

  tool({
    name: 'salesforce_upsert_record',
    description:
      'Creates a Salesforce record, or changes the record that has this external id already. Repeating it makes no second record, so prefer it to salesforce_create_record where the object has an external id field.',
    effect: 'write',
    idempotent: true,
    input: z.object({
      object: objectName,
      externalIdField,
      externalId,
      fields: fieldValues('Fields to set by API name, without the external id, for example {"Name": "Acme"}'),
    }),
    output: Saved.extend({
      created: z
        .boolean()
        .optional()
        .describe(
          'Whether the last request created it; also false if an earlier request did and its answer was lost. Absent if Salesforce does not say',
        ),
    }),
    run: async (input, client, context) => {
      const { object, externalIdField: field } = input;
      const value = String(input.externalId);
      const fields = fieldsToWrite(input.fields, { object, external: { field, value } });
      const answer = await client.upsertRecord(object, field, value, fields, context);
      return { ...saved(client, object, answer?.id), ...(typeof answer?.created === 'boolean' && { created: answer.created }) };
    },
  }),

  tool({
    name: 'salesforce_delete_record',
    description:
      'Deletes one Salesforce record, and the records that belong to it as its details. Most objects keep it in the recycle bin for 15 days, where a person can restore it. For several at once use salesforce_delete_records.',
    effect: 'destructive',
    input: z.object({ object: objectName, id: recordId }),
    output: z.object({ object: z.string().describe('API name of the object'), id: z.string().describe('Id of the deleted record') }),
    run: async ({ object, id }, client, context) => {
      await client.deleteRecord(object, id, context);
      return { object, id };
    },
  }),
];
