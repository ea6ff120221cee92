import type { z } from '@hono/zod-openapi';

/** Describes a JSON response of a route. */
export const jsonResponse = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
});
