import type { ErrorCode } from '../errors.ts';
import type { UpstreamFailure } from './connector.ts';
import { textStart } from './truncate.ts';

// Connectors use these functions in their `failure`.

const maxReason = 500;
// Blanks become one, so more is read than is quoted. A reason may have megabytes.
const maxRead = 10_000;

/**
 * Quotes the vendor's reason for a message: ` Acme says: The title is missing.` The reason becomes one line of at most 500 characters, and
 * gets a full stop if it ends without punctuation. Returns '' if there is no reason, or if it is markup, such as an error page from a proxy
 * in front of the vendor.
 */
export function quoteReason(vendor: string, reason: string | null | undefined): string {
  const line = textStart(reason ?? '', maxRead)
    .replaceAll(/\s+/g, ' ')
    .trim();
  if (line === '' || line.startsWith('<')) return '';
  const short = line.length > maxReason ? `${textStart(line, maxReason - 1)}…` : line;
  return ` ${vendor} says: ${short}${/[.!?…]$/.test(short) ? '' : '.'}`;
}

/** The failure of a request that the vendor refused and did not execute. `message` is for the model: the reason, then what to do next. */
export function refused(
  code: ErrorCode,
  message: string,
  options: Pick<UpstreamFailure, 'renew' | 'repeat' | 'retryAfterMs'> = {},
): UpstreamFailure {
  return { code, message, executed: 'no', ...options };
}

/**
 * Maps an error status to a failure, as core does if a connector's `failure` returns undefined. `vendor` is the subject of the message, and
 * `quoted` comes from {@link quoteReason}. After a 5xx or 408, the outcome is unknown, because a proxy may have sent the status even though
 * the vendor's server acted. After any other 4xx, the vendor executed nothing. A status below 400 becomes `UPSTREAM_INVALID`.
 */
export function failureFromStatus(status: number, vendor = 'The vendor', quoted = ''): UpstreamFailure {
  if (status === 401)
    return refused(
      'UNAUTHENTICATED',
      `${vendor} refused the connection’s credential.${quoted} Someone must renew it in the connection’s settings.`,
      { renew: true },
    );
  if (status === 403)
    return refused('FORBIDDEN', `${vendor} does not let the connection’s account do this.${quoted} Someone must grant the right there.`);
  if (status === 404 || status === 410)
    return refused('NOT_FOUND', `${vendor} has no such record, or hides it from this account.${quoted} Check the id, or search for it.`);
  if (status === 409 || status === 412)
    return refused('CONFLICT', `The record has changed or exists already.${quoted} Read it again before you decide.`);
  if (status === 429) return refused('RATE_LIMITED', `${vendor}’s rate limit is reached.${quoted}`);
  if (status >= 500 || status === 408)
    return { code: 'UPSTREAM_UNAVAILABLE', message: `${vendor} failed (HTTP ${status}).${quoted}`, executed: 'unknown' };
  if (status >= 400) return refused('UPSTREAM_REJECTED', `${vendor} refused the request as wrong (HTTP ${status}).${quoted}`);
  return {
    code: 'UPSTREAM_INVALID',
    message: `${vendor} answered HTTP ${status}, which this operation does not expect.`,
    executed: 'unknown',
  };
}
