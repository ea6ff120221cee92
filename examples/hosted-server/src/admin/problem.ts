import { z } from '@hono/zod-openapi';
import { ToolError, type Logger } from '@busbar/core';
import { databaseRefusal } from '@busbar/postgres';
import { HTTPException } from 'hono/http-exception';
import { httpErrorOf } from '../http/http-errors.ts';

/**
 * The body of an error response: RFC 9457, with the error code as its title and, for a failure of the server, an id by which to find it in
 * the log.
 */
const problemSchema = z
  .object({
    status: z.number().int(),
    title: z.string().openapi({ description: 'The error code.' }),
    detail: z.string().openapi({ description: 'The reason, and what to do next.' }),
    id: z.string().optional().openapi({ description: 'Identifies the failure in the log.' }),
  })
  .openapi('Problem');

/** The response for an error. An unexpected error is logged in full, and the caller gets only its id. */
export function problemOf(thrown: unknown, log: Logger): Response {
  // Hono throws an HTTPException for a body that it cannot read.
  const error =
    thrown instanceof HTTPException && thrown.status < 500
      ? new ToolError('INVALID_INPUT', `${thrown.message}.`)
      : (databaseRefusal(thrown) ?? thrown);
  const known = httpErrorOf(error);
  if (known) return problem({ status: known.status, title: known.error.code, detail: known.error.message }, known.headers);
  const id = crypto.randomUUID();
  log.error({ err: error, id }, 'A request to the admin API failed');
  return problem({ status: 500, title: 'INTERNAL', detail: `The request failed. The server log says why, under the id ${id}.`, id });
}

function problem(body: z.output<typeof problemSchema>, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status: body.status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
}

/** The error responses that every route can send, for the API description. */
export const problemResponses = Object.fromEntries(
  Object.entries({
    400: 'The request does not match its description. Correct it.',
    401: 'The key is missing, unknown or revoked.',
    403: 'The key does not have this right.',
    404: 'It does not exist, or belongs to another tenant.',
    429: 'A rate limit is reached. Wait as long as Retry-After says.',
    500: 'The server failed. The id identifies the failure in the log.',
    503: 'The database is down, or too many requests or reports are running, or the report took too long. Wait as long as Retry-After says.',
  }).map(([status, description]) => [status, { description, content: { 'application/problem+json': { schema: problemSchema } } }]),
);
