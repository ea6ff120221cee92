import { failureFromStatus, quoteReason, refused, type HttpResponse, type UpstreamFailure } from '@busbar/core';
import { z } from 'zod';

const maxProblems = 20;

const plain = z.union([z.string(), z.number()]).nullish().catch(undefined);
const Problem = z.looseObject({
  message: plain,
  field: plain,
  parameter: plain,
  error_id: plain,
  // A text, a link, or an object with one of them.
  help: z
    .union([z.string(), z.looseObject({}).transform((help) => Object.values(help).find((value) => typeof value === 'string'))])
    .nullish()
    .catch(undefined),
});

/** Most endpoints answer with `errors`, some with a single `error`. */
const ErrorBody = z.looseObject({
  // To read a hundred thousand would take a second.
  errors: z
    .array(z.unknown())
    .transform((errors) => errors.slice(0, maxProblems))
    .pipe(z.array(Problem))
    .nullish()
    .catch(undefined),
  error: plain,
  message: plain,
  id: plain,
});

/**
 * Turns an error answer into an error code, with SendGrid's own reason and what to do next. SendGrid does nothing when it refuses a request
 * (4xx). After a failure (5xx, or 408 from a proxy), the outcome is unknown. Core handles all other answers.
 */
export function readFailure({ status, data }: HttpResponse<unknown>): UpstreamFailure | undefined {
  if (status < 400) return undefined;
  const quoted = quoteReason('SendGrid', reasonIn(data));
  const failure = failureFromStatus(status, 'SendGrid', quoted);
  if (failure.code === 'UPSTREAM_UNAVAILABLE' || failure.code === 'RATE_LIMITED' || failure.code === 'CONFLICT') return failure;

  switch (status) {
    case 404:
      return refused(
        'NOT_FOUND',
        `SendGrid has no such template or entry, or hides it from this API key.${quoted} Check the id; sendgrid_list_templates lists the templates.`,
      );
    case 401:
      // SendGrid gives this answer to a valid key if the account's plan is used up.
      if (/credits exceeded/i.test(quoted))
        return refused(
          'FORBIDDEN',
          `The SendGrid account has no e-mails left in its plan, so nothing was sent.${quoted} Someone must raise the plan, or wait until its next period.`,
        );
      // It also leaves out the reason, such as in the answer to a large request.
      if (quoted === '')
        return refused(
          'UNAUTHENTICATED',
          'SendGrid refused the request and gives no reason, so nothing was done. Either the connection’s API key or its region is wrong, or the account is used up or closed. Someone must look in SendGrid.',
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

/** Returns what is wrong with each field, with the ids by which SendGrid's support finds the error. */
function reasonIn(data: unknown): string {
  if (typeof data === 'string') return data;
  const { errors, error, message, id } = ErrorBody.safeParse(data).data ?? {};
  const problems = (errors ?? []).map(problemText).filter(Boolean);
  const reason = (problems.length > 0 ? problems : [error, message].filter(Boolean)).join('; ');
  return reason && id ? `${reason} (id ${id})` : reason;
}

function problemText({ field, parameter, message, error_id, help }: z.output<typeof Problem>): string {
  const reason = [field ?? parameter, message].filter(Boolean).join(': ');
  const more = [error_id && `error_id ${error_id}`, help].filter(Boolean).join(', ');
  return reason && more ? `${reason} (${more})` : reason;
}
