import { ToolError, type CallContext, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { SalesforceClient } from '../client.ts';
import { locatorOf } from '../client/queries.ts';
import { plainRecords } from '../plain-record.ts';
import type { QueryAnswer } from '../schemas.ts';
import { BoundValue, bindSoql } from '../soql.ts';

// Salesforce's pages have at least 200 records. A model's page may be smaller; its cursor then points into Salesforce's page.
const vendorsSmallestPage = 200;
const maxPageChars = 200_000;
// The cursor of the first page contains the query itself as JSON, so the query must be short: in bytes, because core counts those.
const maxKeptQuery = 5_000;

const usualLimit = 100;

/**
 * The position at which a query continues: Salesforce's page (a locator, or for the first page the query itself), and the number of its
 * records to skip.
 */
const Position = z.object({
  /** Identifies the query. */
  query: z.string(),
  deleted: z.boolean(),
  soql: z.string().optional(),
  locator: z.string().optional(),
  skip: z.int().min(0),
  limit: z.int().min(1).max(500),
  /** The size of Salesforce's pages, which must stay the same while records of its first page are skipped. */
  batchSize: z.int(),
});
type Position = z.output<typeof Position>;

interface QueryInput {
  readonly soql?: string | undefined;
  readonly values?: Readonly<Record<string, BoundValue>> | undefined;
  readonly includeDeleted: boolean;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export const queryTools = (tool: ToolBuilder<SalesforceClient>) => [
  tool({
    name: 'salesforce_query_records',
    description:
      'Reads Salesforce records with SOQL: one SELECT, without writing, a page at a time. Never put texts from users into soql: write :name there and give the text in values, which escapes it. Look field names up with salesforce_describe_object; find words in any object with salesforce_search_records.',
    effect: 'read',
    input: z.object({
      soql: z
        .string()
        .trim()
        .max(10_000)
        .optional()
        .describe(
          'The query, such as: SELECT Id, Name FROM Account WHERE Industry = :industry ORDER BY Name LIMIT 50. At most 10,000 characters. Absent: only with cursor',
        ),
      values: z
        .record(z.string().regex(/^[A-Za-z_]\w*$/, 'A name: letters, digits and _'), BoundValue)
        .refine((values) => Object.keys(values).length <= 50, 'At most 50 values')
        .optional()
        .describe(
          'Values for the :names in soql, at most 50: text, number, true, null; {"date": "2026-03-01"} or {"date": "2026-03-01T09:30:00Z"} for dates; a list of these for IN; {"contains": "50%"} or {"startsWith": "A"} for LIKE. For example {"industry": "Banking"}. Absent: none',
        ),
      includeDeleted: z.boolean().default(false).describe('True: also records in the recycle bin and archived ones. Default: false'),
      limit: z.int().min(1).max(500).optional().describe('Records in a page, 1 to 500. Default: 100, or as on the page before'),
      cursor: z.string().optional().describe('nextCursor of an earlier answer to this query. Absent: the first page'),
    }),
    output: z.object({
      records: z.array(z.record(z.string(), z.unknown())).describe('The page, each record by its fields'),
      total: z.int().optional().describe('How many records match in all'),
      nextCursor: z.string().optional().describe('Pass it as cursor for the next page; absent on the last one'),
    }),
    run: async (input, client, context) => {
      const position = await positionOf(input, context);
      const { soql = '', deleted, batchSize, locator } = position;
      const answer =
        locator === undefined
          ? await client.query({ soql, deleted, batchSize }, context)
          : await client.queryMore('data', locator, context);
      const records = fitPage(plainRecords(answer.records.slice(position.skip, position.skip + position.limit), context));
      const next = nextOf(position, position.skip + records.length, answer);
      if (!next && answer.done === false)
        context.warn(
          'More records follow, and Salesforce does not say where. Narrow the query, or order it by a field and ask for what comes after the last value.',
        );
      if (next?.soql !== undefined && bytesOf(next.soql) > maxKeptQuery)
        context.warn(
          `The rest is not shown: the query is too long to continue. Shorten it below ${maxKeptQuery} bytes, or set limit to 500.`,
        );
      else if (next) return { ...present(records, answer), nextCursor: context.cursor.write(next) };
      return present(records, answer);
    },
  }),
];

/** Returns where to read. @throws {ToolError} INVALID_INPUT for inputs that do not belong together. */
async function positionOf(
  { soql, values, includeDeleted, limit, cursor }: QueryInput,
  { cursor: cursors }: CallContext,
): Promise<Position> {
  if (soql === undefined && values !== undefined) throw new ToolError('INVALID_INPUT', 'Give soql with values: its :names use them.');
  const bound = soql === undefined ? undefined : bindSoql(soql, values);
  if (cursor === undefined) {
    if (bound === undefined) throw new ToolError('INVALID_INPUT', 'Give soql, or the cursor of an earlier answer.');
    const first = limit ?? usualLimit;
    const batchSize = Math.max(vendorsSmallestPage, first);
    return { query: await digestOf(bound), deleted: includeDeleted, soql: bound, skip: 0, limit: first, batchSize };
  }
  const position = cursors.read(cursor, Position);
  const isOther = bound !== undefined && (await digestOf(bound)) !== position.query;
  if (isOther || (includeDeleted && !position.deleted))
    throw new ToolError('INVALID_INPUT', 'The cursor belongs to another query. Leave cursor out to start this one, or repeat that query.');
  return { ...position, limit: limit ?? position.limit };
}

/** Returns a short text that two different queries do not share by chance. */
async function digestOf(soql: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(soql)));
  return btoa(String.fromCharCode(...bytes.subarray(0, 12)));
}

const bytesOf = (text: string): number => new TextEncoder().encode(JSON.stringify(text)).length;

const present = (records: Record<string, unknown>[], { totalSize }: QueryAnswer) => ({
  records,
  ...(typeof totalSize === 'number' && { total: totalSize }),
});

/** Returns as many records from the start as fit into one answer, and at least one. */
function fitPage(records: Record<string, unknown>[]): Record<string, unknown>[] {
  let room = maxPageChars;
  const end = records.findIndex((record) => (room -= JSON.stringify(record).length) < 0);
  return end < 0 ? records : records.slice(0, Math.max(1, end));
}

/** Returns where the next page begins, if there is one. @throws {ToolError} UPSTREAM_INVALID if that would be the same page. */
function nextOf(position: Position, returned: number, answer: QueryAnswer): Position | undefined {
  if (returned < answer.records.length) return { ...position, skip: returned };
  const locator = locatorOf(answer);
  if (locator === undefined) return undefined;
  if (locator === position.locator)
    throw new ToolError(
      'UPSTREAM_INVALID',
      'Salesforce names the same page again as the next one. Start the query again without a cursor.',
    );
  return { ...position, soql: undefined, locator, skip: 0 };
}
