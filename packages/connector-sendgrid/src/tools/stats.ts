import type { ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { SendGridClient } from '../client.ts';

const dayMs = 86_400_000;
const maxPeriods = 100;
const periodDays = { day: 1, week: 7, month: 28 } as const;

export const statsTools = (tool: ToolBuilder<SendGridClient>) => [
  tool({
    name: 'sendgrid_get_stats',
    description:
      'Counts a SendGrid account’s e-mails by day, week or month: requests, delivered, opens, clicks, bounces, drops, spam reports, unsubscribes. For single e-mails use sendgrid_track_email_events.',
    effect: 'read',
    input: z
      .object({
        startDate: z.iso.date().describe('First day, such as 2026-03-01'),
        endDate: z.iso.date().describe('Last day'),
        aggregatedBy: z.enum(['day', 'week', 'month']).default('day').describe('Length of a period. Default: day'),
        category: z.string().min(1).max(255).optional().describe('Only e-mails with this category. Absent: all'),
      })
      .superRefine(({ startDate, endDate, aggregatedBy }, { addIssue }) => {
        const days = (Date.parse(endDate) - Date.parse(startDate)) / dayMs + 1;
        const problem = (message: string): void => addIssue({ code: 'custom', path: ['endDate'], message });
        if (days < 1) problem('endDate must not be before startDate');
        if (days / periodDays[aggregatedBy] > maxPeriods)
          problem(`At most ${maxPeriods} periods in one call: take fewer days, or aggregate by week or month`);
      }),
    output: z.object({
      periods: z
        .array(
          z.object({
            date: z.string().describe('First day of the period'),
            metrics: z
              .record(z.string(), z.number())
              .describe('Counts by name, such as {"delivered": 12, "unique_opens": 5}; counts of 0 are left out'),
          }),
        )
        .describe('The periods, oldest first'),
    }),
    run: async ({ startDate, endDate, aggregatedBy, category }, client, context) => {
      const periods = await client.getStats({ start: startDate, end: endDate, by: aggregatedBy, category }, context);
      return {
        periods: periods.slice(0, maxPeriods + 1).map(({ date, stats }) => ({
          date,
          metrics: Object.fromEntries(
            Object.entries(stats?.[0]?.metrics ?? {}).filter(
              (entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] !== 0,
            ),
          ),
        })),
      };
    },
  }),
];
