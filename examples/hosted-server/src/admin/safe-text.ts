import { z } from '@hono/zod-openapi';

const unsafe = 'must not contain U+0000 or half of a surrogate pair';

/**
 * A string of at most `max` characters that the database can store and compare. Every string that a request to the admin API sends must be
 * one, or match a pattern, because PostgreSQL refuses U+0000 with an error.
 */
export const safeText = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => text.isWellFormed() && !text.includes('\u0000'), unsafe);
