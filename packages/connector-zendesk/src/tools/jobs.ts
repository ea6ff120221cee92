import type { ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from '../client.ts';
import { cut, present } from '../outputs.ts';

const maxFailures = 100;

/** What became of one record of a job. Zendesk's jobs say so in several shapes. */
const Item = z.looseObject({
  id: z.union([z.number(), z.string()]).nullish(),
  index: z.number().nullish(),
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
      'Tells how far a background job of Zendesk is, such as a bulk change that somebody started, and which of its records failed. A job that is completed may still have failed for some: look at failed.',
    effect: 'read',
    input: z.object({
      jobId: z.string().trim().min(1).max(100).describe('Id of the job, 1 to 100 characters, such as V3-ffeda191e5930dbdd6'),
    }),
    output: z.object({
      id: z.string().describe('Id of the job'),
      status: z.string().optional().describe('queued, working, completed or failed'),
      total: z.int().optional().describe('How many records it is about'),
      progress: z.int().optional().describe('How many it is done with'),
      message: z.string().optional().describe('What Zendesk says of it'),
      failed: z.int().describe('How many records failed; final once the job is completed'),
      failures: z
        .array(
          z.object({
            index: z.int().optional().describe('Position in what was sent, from 0'),
            id: z.string().optional().describe('Id of the record'),
            reason: z.string().describe('Why it failed'),
          }),
        )
        .describe(`The first ${maxFailures} of them`),
    }),
    run: async ({ jobId }, client, context) => {
      const job = await client.getJobStatus(context, jobId);
      const failures = itemsOf(job.results).filter(hasFailed);
      return {
        id: job.id,
        failed: failures.length,
        failures: failures.slice(0, maxFailures).map((item) => ({
          reason: cut(item.details ?? item.errors ?? item.error, 500) ?? item.status ?? 'Zendesk gives no reason',
          ...present({ index: item.index, id: item.id === undefined || item.id === null ? undefined : String(item.id) }),
        })),
        ...present({ status: job.status, total: job.total, progress: job.progress, message: cut(job.message, 500) }),
      };
    },
  }),
];

/** A list, one record alone, or nothing yet. What is no record is passed over. */
function itemsOf(results: unknown): Item[] {
  const all: unknown[] = Array.isArray(results) ? results : results === null || results === undefined ? [] : [results];
  return all.map((one) => Item.safeParse(one).data).filter((item) => item !== undefined);
}

const hasFailed = ({ success, status, error, errors }: Item): boolean =>
  success === false || Boolean(error) || Boolean(errors) || /fail|error/i.test(status ?? '');
