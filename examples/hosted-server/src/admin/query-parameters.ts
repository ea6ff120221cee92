import { z } from '@hono/zod-openapi';
import { safeText } from './safe-text.ts';

/** The query parameters that select a page of a list. */
export const paging = pagingOf(1_000);

/** {@link paging} for a list with a smaller largest page. */
export function pagingOf(maxLimit: number) {
  return {
    limit: z.coerce.number().int().min(1).max(maxLimit).default(100).openapi({ description: 'The size of the page.' }),
    after: safeText(2_000).optional().openapi({ description: 'The "next" of the previous page.' }),
  };
}

/** The reference to the next page, in a response. */
export const nextPage = z.string().optional().openapi({ description: 'Send it as "after". Absent on the last page.' });

/** The query parameter that selects a tenant. */
export const tenantQuery = safeText(255)
  .min(1)
  .optional()
  .openapi({ description: 'The tenant. Default for operators: all tenants. Owners can only name their own.' });

/** A query parameter or field with a time or, if `dates` is true, a date in UTC. It is parsed into milliseconds since the epoch. */
export const timeQuery = (description: string, { dates = false } = {}) => {
  const time = z.iso.datetime({ offset: true });
  return z
    .string()
    .max(longestTime)
    .pipe(dates ? z.union([z.iso.date(), time], 'must be a date such as 2026-01-31, or a time with its zone') : time)
    .transform((text) => Date.parse(text))
    .refine((ms) => ms >= 0 && ms < end, 'must be in the years from 1970 to 9998')
    .optional()
    .openapi({ type: 'string', ...(!dates && { format: 'date-time' }), description });
};

// With nanoseconds and a zone.
const longestTime = 40;
// The databases read no later time in the form in which their drivers write it.
const end = Date.UTC(9999, 0);
