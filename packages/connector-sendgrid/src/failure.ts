import { failureFromStatus, quoteReason, refused, type HttpResponse, type UpstreamFailure } from '@busbar/core';
import { z } from 'zod';

const Problem = z.looseObject({ message: z.string().nullish(), field: z.string().nullish() });

/** Most endpoints answer with `errors`, some with a single `error`. */
const ErrorBody = z.looseObject({
  errors: z.array(Problem).nullish(),
  error: z.string().nullish(),
  message: z.string().nullish(),
});

/**
 * Turns an error answer into an error code, with SendGrid's own reason and what to do next. SendGrid does nothing when it refuses a request
 * (4xx). After a failure (5xx, or 408 from a proxy), the outcome is unknown. Core handles all other answers.
 */
export function readFailure({ status, data }: HttpResponse<unknown>): UpstreamFailure | undefined {
  // Core handles 404 and 409. A 404 is the normal answer if an address is not on the list it is removed from; SendGrid documents no 409.
  if (status < 400 || status === 404 || status === 409) return undefined;
  const quoted = quoteReason('SendGrid', reasonIn(data));
  const failure = failureFromStatus(status, 'SendGrid', quoted);
  if (failure.code === 'UPSTREAM_UNAVAILABLE' || failure.code === 'RATE_LIMITED') return failure;

  switch (status) {
    case 401:
      // SendGrid gives this answer to a valid key if the account's plan is used up.
      if (/credits exceeded/i.test(quoted))
        return refused(
          'FORBIDDEN',
          `The SendGrid account has no e-mails left in its plan, so nothing was sent.${quoted} Someone must raise the plan, or wait until its next period.`,
        );
      return refused(
        'UNAUTHENTICATED',
        `SendGrid refused the connection’s API key.${quoted} Someone must put a valid key into the connection’s settings, and check its region.`,
      );
    case 403:
      if (/sender identity/i.test(quoted))
        return refused(
          'FORBIDDEN',
          `Nothing was sent, because SendGrid has not verified the sender.${quoted} Use a verified from address, or have someone verify this one in SendGrid (Settings, Sender Authentication).`,
        );
      return refused(
        'FORBIDDEN',
        `SendGrid does not let the connection’s API key do this.${quoted} Someone must give the key the permission, or the connection another key.`,
      );
    case 413:
      return refused(
        'UPSTREAM_REJECTED',
        'The e-mail is larger than the 30 MB that SendGrid accepts, so nothing was sent. Shorten it, or send it to fewer recipients at once.',
      );
  }
  return refused('UPSTREAM_REJECTED', `SendGrid rejected the request, so nothing was done.${quoted} Correct what it names and call again.`);
}

/** Returns what is wrong with each field. */
function reasonIn(data: unknown): string {
  if (typeof data === 'string') return data;
  const body = ErrorBody.safeParse(data).data;
  const problems = (body?.errors ?? []).map(({ field, message }) => [field, message].filter(Boolean).join(': '));
  const parts = problems.length > 0 ? problems : [body?.error, body?.message];
  return parts.filter(Boolean).join('; ');
}
