import { z } from '@hono/zod-openapi';

/** The query parameters that select a page of a list. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(1_000).default(100).openapi({ description: 'The size of the page.' }),
  after: z.string().max(2_000).optional().openapi({ description: 'The "next" of the previous page.' }),
};

/** The reference to the next page, in a response. */
export const nextPage = z.string().optional().openapi({ description: 'Send it as "after". Absent on the last page.' });

/** The query parameter that selects a tenant. */
export const tenantQuery = z
  .string()
  .min(1)
  .max(255)
  .optional()
  .openapi({ description: 'The tenant. Default for operators: all tenants. Owners can only name their own.' });

/** A query parameter or field with a time, which is parsed into milliseconds since the epoch. */
export const timeQuery = (description: string) =>
  z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .optional()
    .openapi({ type: 'string', format: 'date-time', description });
