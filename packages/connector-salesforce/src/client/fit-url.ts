import { ToolError } from '@busbar/core';

/** Salesforce limits a URL to 16,384 bytes. The rest of the URL, besides the query, is short. */
const maxQueryBytes = 15_000;

/** Returns the query unchanged. @throws {ToolError} INVALID_INPUT if it is too long for a Salesforce URL, or has half of a character. */
export function fitUrl(query: string): string {
  if (!query.isWellFormed()) throw new ToolError('INVALID_INPUT', 'The query has half of a surrogate pair. Write whole characters.');
  const bytes = encodeURIComponent(query).length;
  if (bytes > maxQueryBytes)
    throw new ToolError(
      'INVALID_INPUT',
      `The query has ${bytes} bytes as a URL, and ${maxQueryBytes} is the most. Shorten it, or split it by ranges of values.`,
    );
  return query;
}
