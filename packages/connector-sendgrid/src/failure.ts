import type { HttpResponse, UpstreamFailure } from '@busbar/core';
import { z } from 'zod';

const Problem = z.looseObject({ message: z.string().nullish(), field: z.string().nullish() });

/** Mostly `errors`; some endpoints answer with one `error` alone. */
const ErrorBody = z.looseObject({
  errors: z.array(Problem).nullish(),
  error: z.string().nullish(),
  message: z.string().nullish(),
});

/**
 * Reads how SendGrid says no: its own reason, and what to do next. Nothing was carried out where it refuses (4xx); where it fails (5xx,
 * and the 408 of a proxy) nobody knows. Everything else is left to core.
 */
export function readFailure({ status, data }: HttpResponse<unknown>): UpstreamFailure | undefined {
  // Core reads these. A 404 is an answer where an address is taken off a list that it is not on, and no 409 is documented.
  if (status < 400 || status === 404 || status === 409) return undefined;
  const reason = reasonIn(data);
  const said = reason ? ` SendGrid says: ${reason}` : '';
  const refused = (code: UpstreamFailure['code'], message: string): UpstreamFailure => ({ code, message, executed: 'no' });

  if (status >= 500 || status === 408)
    return { code: 'UPSTREAM_UNAVAILABLE', message: `SendGrid failed (HTTP ${status}).${said}`, executed: 'unknown' };
  switch (status) {
    case 401:
      // SendGrid says this of an account whose plan is used up, with a key that is good.
      if (/credits exceeded/i.test(reason))
        return refused(
          'FORBIDDEN',
          `The SendGrid account has no e-mails left in its plan, so nothing was sent.${said} Someone must raise the plan, or wait until its next period.`,
        );
      return refused(
        'UNAUTHENTICATED',
        `SendGrid refused the connection’s API key.${said} Someone must put a valid key into the connection’s settings, and see that the region fits.`,
      );
    case 403:
      if (/sender identity/i.test(reason))
        return refused(
          'FORBIDDEN',
          `Nothing was sent, because SendGrid has not verified the sender.${said} Use a from address that is verified, or have someone verify this one in SendGrid (Settings, Sender Authentication).`,
        );
      return refused(
        'FORBIDDEN',
        `SendGrid does not let the connection’s API key do this.${said} Someone must give the key the permission, or the connection another key.`,
      );
    case 413:
      return refused(
        'UPSTREAM_REJECTED',
        'The e-mail is larger than the 30 MB that SendGrid takes, so nothing was sent. Shorten it, or send it to fewer recipients at once.',
      );
    case 429:
      return refused('RATE_LIMITED', `SendGrid’s rate limit is reached.${said}`);
  }
  return refused(
    'UPSTREAM_REJECTED',
    `SendGrid refused the request as wrong, so nothing was done.${said} Correct what it names and call again.`,
  );
}

/** What is wrong with which field, in one line of at most 500 characters. */
function reasonIn(data: unknown): string {
  if (typeof data === 'string') return data.trimStart().startsWith('<') ? '' : oneLine(data);
  const body = ErrorBody.safeParse(data).data;
  const problems = (body?.errors ?? []).map(({ field, message }) => [field, message].filter(Boolean).join(': '));
  const parts = problems.length > 0 ? problems : [body?.error, body?.message];
  return oneLine(parts.filter(Boolean).join('; '));
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  if (line === '') return '';
  const cut = line.length > 500 ? `${line.slice(0, 499)}…` : line;
  return /[.!?…]$/.test(cut) ? cut : `${cut}.`;
}
