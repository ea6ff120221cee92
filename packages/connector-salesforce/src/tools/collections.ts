import { ToolError, truncate, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { SalesforceClient } from '../client.ts';
import { codeOf, problemText } from '../failure/problems.ts';
import type { SavedRow } from '../schemas.ts';
import { fieldsToWrite } from './fields-to-write.ts';
import { allOrNone, externalIdField, fieldValues, objectName, recordId } from './record-inputs.ts';

/** The number of records that Salesforce accepts in one request. */
const maxRows = 200;
const maxErrorLength = 500;

const Rows = z.object({
  succeeded: z.int().describe('How many rows were written'),
  failed: z.int().describe('How many were not'),
  rows: z
    .array(
      z.object({
        index: z.int().describe('Which of the given rows, from 0'),
        id: z.string().optional().describe('Record id'),
        ok: z.boolean().describe('Whether it was written'),
        created: z.boolean().optional().describe('Upserts: whether the record is new'),
        errors: z.array(z.string()).optional().describe('Why not: code, reason and fields'),
      }),
    )
    .describe('Every row in the order given'),
});

/** Each row succeeds or fails on its own inside one HTTP 200. @throws {ToolError} if the answer does not have one result per row. */
function present(answer: readonly SavedRow[], given: number, all: boolean, warn: (message: string) => void): z.output<typeof Rows> {
  if (answer.length !== given)
    throw new ToolError(
      'UPSTREAM_INVALID',
      `Salesforce answered for ${answer.length} of ${given} rows. The write itself was made; read the records before you repeat any.`,
    );
  const rows = answer.map(({ id, success, created, errors }, index) => ({
    index,
    ...(id && { id }),
    ok: success,
    ...(typeof created === 'boolean' && { created }),
    ...(errors && errors.length > 0 && { errors: errors.map((problem) => truncate(problemText(problem), maxErrorLength) ?? '') }),
  }));
  const failed = rows.filter(({ ok }) => !ok).length;
  if (failed > 0) warn(`${failed} of ${given} rows were not written. ${adviceOn(answer, all && failed === given)}`);
  return { succeeded: given - failed, failed, rows };
}

/** Says which rows to repeat, and whether they have to be corrected first. */
function adviceOn(answer: readonly SavedRow[], undone: boolean): string {
  if (undone) return 'One row that fails undoes all: correct the rows at fault and repeat all.';
  const locked = answer.filter(({ errors }) => errors?.some((problem) => codeOf(problem) === 'UNABLE_TO_LOCK_ROW')).length;
  return locked > 0
    ? `Another change held ${locked} of them for a moment: repeat these as they are. Correct any others first.`
    : 'Correct and repeat these rows alone.';
}

const records = <S extends z.ZodType>(row: S, description: string) =>
  z.array(row).min(1).max(maxRows).describe(`${description}, 1 to ${maxRows}`);

export const collectionTools = (tool: ToolBuilder<SalesforceClient>) => [
  tool({
    name: 'salesforce_create_records',
    description:
      'Creates up to 200 Salesforce records in one request and reports for each row whether it was written. Do not repeat a call whose outcome is unknown before you have looked.',
    effect: 'write',
    input: z.object({
      records: records(
        z.object({ object: objectName, fields: fieldValues('Fields by API name, for example {"Name": "Acme"}') }),
        'The records to create',
      ),
      allOrNone,
    }),
    output: Rows,
    run: async (input, client, context) => {
      const rows = input.records.map(({ object, fields }, index) => ({
        attributes: { type: object },
        ...fieldsToWrite(fields, { object, at: `records.${index}.fields` }),
      }));
      return present(await client.createRecords(rows, input.allOrNone, context), rows.length, input.allOrNone, context.warn);
    },
  }),

  tool({
    name: 'salesforce_update_records',
    description: 'Changes up to 200 Salesforce records in one request and reports for each row whether it was written.',
    effect: 'write',
    input: z.object({
      records: records(
        z.object({
          object: objectName,
          id: recordId,
          fields: fieldValues('Fields to set, null empties one, for example {"Rating": "Hot"}'),
        }),
        'The records to change',
      ),
      allOrNone,
    }),
    output: Rows,
    run: async (input, client, context) => {
      const rows = input.records.map(({ object, id, fields }, index) => ({
        attributes: { type: object },
        ...fieldsToWrite(fields, { object, id, at: `records.${index}.fields` }),
        id,
      }));
      return present(await client.updateRecords(rows, input.allOrNone, context), rows.length, input.allOrNone, context.warn);
    },
  }),

  tool({
    name: 'salesforce_upsert_records',
    description:
      'Creates or changes up to 200 Salesforce records of one object in one request, by an external id field, and reports for each row whether it was written. Can be repeated: it makes no second records.',
    effect: 'write',
    idempotent: true,
    input: z.object({
      object: objectName,
      externalIdField,
      records: records(
        fieldValues('Fields by API name, with the external id field, for example {"Erp_Id__c": "42", "Name": "Acme"}'),
        'The records',
      ),
      allOrNone,
    }),
    output: Rows,
    run: async (input, client, context) => {
      // Salesforce creates a new record for each row without a value, and another record each time the request is repeated.
      const without = input.records.findIndex((fields) => (fields[input.externalIdField] ?? '') === '');
      if (without >= 0) throw new ToolError('INVALID_INPUT', `Row ${without} has no ${input.externalIdField}, so nothing was sent.`);
      const { object } = input;
      const rows = input.records.map((fields, index) => ({
        attributes: { type: object },
        ...fieldsToWrite(fields, { object, at: `records.${index}` }),
      }));
      return present(
        await client.upsertRecords(input.object, input.externalIdField, rows, input.allOrNone, context),
        rows.length,
        input.allOrNone,
        context.warn,
      );
    },
  }),

  tool({
    name: 'salesforce_delete_records',
    description:
      'Deletes up to 200 Salesforce records in one request and reports for each row whether it was deleted. See salesforce_delete_record.',
    effect: 'destructive',
    input: z.object({ ids: records(recordId, 'Ids of the records to delete, of any objects'), allOrNone }),
    output: Rows,
    run: async ({ ids, allOrNone: all }, client, context) =>
      present(await client.deleteRecords(ids, all, context), ids.length, all, context.warn),
  }),
];
