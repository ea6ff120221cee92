import type { Challenge } from '../connector/webhook.ts';
import { ToolError } from '../errors.ts';
import { digest } from '../lib/digest.ts';

const maxLength = 1_000;

/** Returns the challenge of a verified body, or undefined if the body is a delivery. */
export function challengeInBody(challenge: Challenge | undefined, body: unknown): string | undefined {
  if (challenge?.in !== 'body' || typeof body !== 'object' || body === null) return undefined;
  const text = (body as Readonly<Record<string, unknown>>)[challenge.field];
  return typeof text === 'string' && text.length <= maxLength ? text : undefined;
}

/** Returns the challenge of a GET. @throws {ToolError} NOT_FOUND if the vendor makes none, FORBIDDEN for a missing or wrong token. */
export function challengeInQuery(challenge: Challenge | undefined, query: URLSearchParams): string {
  if (challenge?.in !== 'query') throw new ToolError('NOT_FOUND', 'This webhook answers no GET.');
  const { field, tokenField, token } = challenge;
  const text = query.get(field);
  // Hashes are compared, so that the time says nothing about the token. An empty token is known to everyone.
  if (token === '' || digest(query.get(tokenField) ?? '') !== digest(token) || text === null || text.length > maxLength)
    throw new ToolError('FORBIDDEN', 'The check of the address was refused: its token is missing or wrong.');
  return text;
}
