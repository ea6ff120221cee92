import type { HttpResponse, UpstreamFailure } from '@busbar/core';
import { z } from 'zod';

const problem = z.looseObject({
  title: z.string().nullish(),
  message: z.string().nullish(),
  description: z.string().nullish(),
  detail: z.string().nullish(),
});

/** Zendesk says no in several shapes. `error` is a name or an object, by endpoint. */
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
 * Reads how Zendesk says no: its own reason, and what to do next. Nothing was carried out where it refuses (4xx); where it fails (5xx,
 * and the 408 of a proxy) nobody knows. Everything else is left to core.
 */
export function readFailure({ status, data }: HttpResponse<unknown>): UpstreamFailure | undefined {
  if (status < 400) return undefined;
  const body = ErrorBody.safeParse(data).data;
  const reason = reasonIn(body, data);
  const said = reason ? ` Zendesk says: ${reason}` : '';
  const refused = (code: UpstreamFailure['code'], message: string): UpstreamFailure => ({ code, message, executed: 'no' });

  if (status >= 500 || status === 408) {
    return { code: 'UPSTREAM_UNAVAILABLE', message: `Zendesk failed (HTTP ${status}).${said}`, executed: 'unknown' };
  }
  switch (status) {
    case 401:
      return {
        ...refused(
          'UNAUTHENTICATED',
          `Zendesk refused the connection’s credential.${said} Someone must renew its OAuth client or API token in the connection’s settings.`,
        ),
        renew: true,
      };
    case 403:
      return refused(
        'FORBIDDEN',
        `Zendesk does not let the connection’s user do this.${said} Someone must give that user the right, or the connection the OAuth scope.`,
      );
    case 404:
      return refused(
        'NOT_FOUND',
        `Zendesk has no such record, or hides it from the connection’s user.${said} Check the id, or find the record with zendesk_search_tickets or zendesk_get_user.`,
      );
    case 409:
      return refused(
        'CONFLICT',
        `The ticket was changed by someone else in the meantime, so nothing was written.${said} Read it again with zendesk_get_ticket and decide anew.`,
      );
    case 413:
      return refused(
        'UPSTREAM_REJECTED',
        'The request is larger than Zendesk takes, so nothing was written. Shorten the text and call again.',
      );
    case 429:
      return refused('RATE_LIMITED', `Zendesk’s rate limit is reached.${said}`);
  }
  if (body?.error === 'IdempotentRequestError') {
    return refused(
      'IDEMPOTENCY_CONFLICT',
      'The idempotency key was used for another ticket within the last two hours, so nothing was written. Use a new key for a new ticket.',
    );
  }
  return refused(
    'UPSTREAM_REJECTED',
    `Zendesk refused the request as wrong, so nothing was written.${said} Correct the arguments that it names and call again.`,
  );
}

/** The most telling words of the answer, in one line of at most 500 characters. */
function reasonIn(body: ErrorBody | undefined, data: unknown): string {
  if (!body) return typeof data === 'string' && !data.trimStart().startsWith('<') ? oneLine(data) : '';
  const parts: (string | null | undefined)[] = [];
  for (const [field, problems] of Object.entries(body.details ?? {})) {
    for (const { description, message } of problems) parts.push(`${field}: ${description ?? message ?? 'invalid'}`);
  }
  for (const one of body.errors ?? []) parts.push(typeof one === 'string' ? one : wordsOf(one));
  if (parts.length === 0) {
    if (typeof body.error === 'object' && body.error) parts.push(wordsOf(body.error));
    parts.push(body.description ?? body.message ?? body.error_description);
    if (!parts.some(Boolean) && typeof body.error === 'string') parts.push(body.error);
  }
  return oneLine(parts.filter(Boolean).join('; '));
}

const wordsOf = ({ title, message, description, detail }: z.output<typeof problem>): string =>
  [title, message ?? description ?? detail].filter(Boolean).join(': ');

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  if (line === '') return '';
  const cut = line.length > 500 ? `${line.slice(0, 499)}…` : line;
  return /[.!?…]$/.test(cut) ? cut : `${cut}.`;
}
