import { failureFromStatus, quoteReason, refused, type HttpResponse, type UpstreamFailure } from '@busbar/core';
import { z } from 'zod';

const problem = z.looseObject({
  title: z.string().nullish(),
  message: z.string().nullish(),
  description: z.string().nullish(),
  detail: z.string().nullish(),
});

/** Zendesk's error bodies have several shapes. `error` is a name or an object, depending on the endpoint. */
const ErrorBody = z.looseObject({
  error: z.union([z.string(), problem]).nullish(),
  description: z.string().nullish(),
  message: z.string().nullish(),
  error_description: z.string().nullish(),
  details: z.record(z.string(), z.array(problem)).nullish(),
  errors: z.array(z.union([z.string(), problem])).nullish(),
});
type ErrorBody = z.output<typeof ErrorBody>;

/**
 * Turns an error answer into an error code, with Zendesk's own reason and what to do next. Zendesk does nothing when it refuses a request
 * (4xx). After a failure (5xx, or 408 from a proxy), the outcome is unknown. Core handles all other answers.
 */
export function readFailure({ status, data }: HttpResponse<unknown>): UpstreamFailure | undefined {
  if (status < 400) return undefined;
  const body = ErrorBody.safeParse(data).data;
  const quoted = quoteReason('Zendesk', reasonIn(body, data));
  const failure = failureFromStatus(status, 'Zendesk', quoted);
  if (failure.code === 'UPSTREAM_UNAVAILABLE' || failure.code === 'RATE_LIMITED') return failure;

  switch (status) {
    case 401:
      return refused(
        'UNAUTHENTICATED',
        `Zendesk refused the connection’s credential.${quoted} Someone must renew its OAuth client or API token in the connection’s settings.`,
        { renew: true },
      );
    case 403:
      return refused(
        'FORBIDDEN',
        `Zendesk does not let the connection’s user do this.${quoted} Someone must give that user the right, or the connection the OAuth scope.`,
      );
    case 404:
      return refused(
        'NOT_FOUND',
        `Zendesk has no such record, or hides it from the connection’s user.${quoted} Check the id, or find the record with zendesk_search_tickets or zendesk_get_user.`,
      );
    case 409:
      return refused(
        'CONFLICT',
        `Someone else has changed the ticket since you read it, so nothing was written.${quoted} Read it again with zendesk_get_ticket, then decide.`,
      );
    case 413:
      return refused(
        'UPSTREAM_REJECTED',
        'The request is larger than Zendesk accepts, so nothing was written. Shorten the text and call again.',
      );
  }
  if (body?.error === 'IdempotentRequestError') {
    return refused(
      'IDEMPOTENCY_CONFLICT',
      'The idempotency key was used for another ticket within the last two hours, so nothing was written. Use a new key for a new ticket.',
    );
  }
  return refused(
    'UPSTREAM_REJECTED',
    `Zendesk rejected the request, so nothing was written.${quoted} Correct the arguments that it names and call again.`,
  );
}

/** Returns the most specific reason in the answer. */
function reasonIn(body: ErrorBody | undefined, data: unknown): string | undefined {
  if (!body) return typeof data === 'string' ? data : undefined;
  const parts: (string | null | undefined)[] = [];
  for (const [field, problems] of Object.entries(body.details ?? {})) {
    for (const { description, message } of problems) parts.push(`${field}: ${description ?? message ?? 'invalid'}`);
  }
  for (const error of body.errors ?? []) parts.push(typeof error === 'string' ? error : problemText(error));
  if (parts.length === 0) {
    if (typeof body.error === 'object' && body.error) parts.push(problemText(body.error));
    parts.push(body.description ?? body.message ?? body.error_description);
    if (!parts.some(Boolean) && typeof body.error === 'string') parts.push(body.error);
  }
  return parts.filter(Boolean).join('; ');
}

const problemText = ({ title, message, description, detail }: z.output<typeof problem>): string =>
  [title, message ?? description ?? detail].filter(Boolean).join(': ');
