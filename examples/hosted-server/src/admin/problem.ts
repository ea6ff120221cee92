import { z } from '@hono/zod-openapi';
import { ToolError, type ErrorCode, type Logger } from '@busbar/core';
import { HTTPException } from 'hono/http-exception';

/** What a refusal or a failure looks like: RFC 9457, with the code of the error and, where the log knows more, the id to find it by. */
const problemSchema = z
  .object({
    status: z.number().int(),
    title: z.string().openapi({ description: 'The code of the error.' }),
    detail: z.string().openapi({ description: 'What happened, and what to do next.' }),
    id: z.string().optional().openapi({ description: 'Finds the failure in the log.' }),
  })
  .openapi('Problem');

const statuses: Partial<Record<ErrorCode, number>> = {
  INVALID_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  OVERLOADED: 503,
};

/** The answer that tells of an error. What is no ToolError of a caller's making goes to the log whole, and to the caller as an id. */
export function problemOf(thrown: unknown, log: Logger): Response {
  // What hono says itself is of a body that it cannot read.
  const error = thrown instanceof HTTPException && thrown.status < 500 ? new ToolError('INVALID_INPUT', `${thrown.message}.`) : thrown;
  const status = ToolError.is(error) ? statuses[error.code] : undefined;
  if (!ToolError.is(error) || status === undefined) {
    const id = crypto.randomUUID();
    log.error({ err: error, id }, 'A request to the admin API failed');
    return answer({ status: 500, title: 'INTERNAL', detail: `This could not be done. The log says why, under the id ${id}.`, id });
  }
  const { code, message, retryAfterMs } = error;
  const headers: Record<string, string> = {};
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  if (status === 429 || status === 503) headers['retry-after'] = String(Math.max(1, Math.ceil((retryAfterMs ?? 1_000) / 1_000)));
  return answer({ status, title: code, detail: message }, headers);
}

function answer(problem: z.output<typeof problemSchema>, headers: Record<string, string> = {}): Response {
  return new Response(`${JSON.stringify(problem)}\n`, {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
}

/** The refusals that every route may answer with, for its description. */
export const problemResponses = Object.fromEntries(
  Object.entries({
    400: 'The request is not as described. Correct it.',
    401: 'The key is missing, unknown or revoked.',
    403: 'The key has no right to this.',
    404: 'There is no such thing, or it is another tenant’s.',
    429: 'A limit was reached. Wait for as long as Retry-After says.',
    500: 'A fault of the server. The id finds it in the log.',
    503: 'The database is away. Try again shortly.',
  }).map(([status, description]) => [status, { description, content: { 'application/problem+json': { schema: problemSchema } } }]),
);
