import { z } from '@hono/zod-openapi';

/** Which page of a list: what to ask for in a query. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(1_000).default(100).openapi({ description: 'How many at most.' }),
  after: z.string().max(2_000).optional().openapi({ description: 'The "next" of the page before.' }),
};

/** What a page says of the one after it. */
export const nextPage = z.string().optional().openapi({ description: 'For "after". Absent on the last page.' });

/** Whose things, for operators. */
export const tenantQuery = z
  .string()
  .min(1)
  .max(255)
  .optional()
  .openapi({ description: 'Operators: of this tenant. Default: of all. Owners: their own.' });
