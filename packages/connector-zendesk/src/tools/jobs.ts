import { omitNullish, truncate, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from '../client.ts';

const maxItems = 100;
// Ten times as many as a job of Zendesk covers. Reading many more would take long.
const maxRead = 1_000;

/** The result of one record of a job. Its shape depends on the kind of job. */
const Item = z.looseObject({
  id: z.union([z.number(), z.string()]).nullish(),
  index: z.int().nullish().catch(undefined),
  action: z.string().nullish(),
  success: z.boolean().nullish(),
  status: z.string().nullish(),
  error: z.string().nullish(),
  errors: z.string().nullish(),
  details: z.string().nullish(),
});
type Item = z.output<typeof Item>;

export const jobTools = (tool: ToolBuilder<ZendeskClient>) => [
  tool({
    name: 'zendesk_get_job_status',
    description:
      'Reports the progress of a background job in Zendesk, such as a bulk change that someone started, and which of its records failed. A completed job may still have failed for some records: look at failed.',
    effect: 'read',
    input: z.object({
      jobId: z
        .string()
        .trim()
        .min(1)
        .max(100)
        .regex(/^[\w-]+$/, 'A job id has letters, digits, _ and - only')
        .describe('Id of the job, 1 to 100 characters, such as V3-ffeda191e5930dbdd6'),
    }),
    output: z.object({
      id: z.string().describe('Id of the job'),
      status: z.string().optional().describe('queued, working, completed or failed'),
      total: z.int().optional().describe('How many records it covers'),
      progress: z.int().optional().describe('How many records it has processed'),
      message: z.string().optional().describe('Zendesk’s message about it'),
      type: z.string().optional().describe('What the job does'),
      succeeded: z
        .array(
          z.object({
            index: z.int().optional().describe('Position in the request that started the job, from 0'),
            id: z.string().optional().describe('Id of the record'),
            action: z.string().optional().describe('Such as create or update'),
          }),
        )
        .describe(`The first ${maxItems} records that did not fail`),
      failed: z.int().describe('How many records failed; final once the job is completed'),
      failures: z
        .array(
          z.object({
            index: z.int().optional().describe('Position in the request that started the job, from 0'),
            id: z.string().optional().describe('Id of the record'),
            reason: z.string().describe('Why it failed'),
          }),
        )
        .describe(`The first ${maxItems} failures`),
    }),
    run: async ({ jobId }, client, context) => {
      const job = await client.getJobStatus(jobId, context);
      const items = itemsOf(job.results);
      const failures = items.filter(hasFailed);
      return {
        id: job.id,
        failed: failures.length,
        succeeded: items
          .filter((item) => !hasFailed(item))
          .slice(0, maxItems)
          .map((item) => ({ ...recordOf(item), ...omitNullish({ action: item.action }) })),
        failures: failures.slice(0, maxItems).map((item) => ({ ...recordOf(item), reason: reasonOf(item) })),
        ...omitNullish({
          type: job.job_type,
          status: job.status,
          total: job.total,
          progress: job.progress,
          message: truncate(job.message, 500),
        }),
      };
    },
  }),
];

/** Reads a list or a single record. There may be neither yet. Skips entries that are not records. */
function itemsOf(results: unknown): Item[] {
  const all: unknown[] = Array.isArray(results) ? results : results === null || results === undefined ? [] : [results];
  return all
    .slice(0, maxRead)
    .map((entry) => Item.safeParse(entry).data)
    .filter((item) => item !== undefined);
}

const recordOf = ({ index, id }: Item) => omitNullish({ index, id: id === undefined || id === null ? undefined : String(id) });

/** Zendesk puts the name of an error into `error`, and its reason into `details`. */
const reasonOf = ({ details, errors, error, status }: Item): string =>
  truncate([...new Set([error, errors, details].filter(Boolean))].join(': '), 500) || (status ?? 'Zendesk gives no reason');

const hasFailed = ({ success, status, error, errors }: Item): boolean =>
  success === false || Boolean(error) || Boolean(errors) || /fail|error/i.test(status ?? '');
