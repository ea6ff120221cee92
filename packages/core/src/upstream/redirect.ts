import type { UpstreamFailure } from '../connector/connector.ts';
import { refused } from '../connector/failure.ts';
import { textStart } from '../connector/truncate.ts';

// Not 303: it says that the request was carried out, and that its result is elsewhere.
const pointsElsewhere = new Set([301, 302, 307, 308]);
/** The longest host name that DNS allows. */
const maxHost = 253;

/**
 * Returns the failure of a request that was answered with a redirect to another host. That host has not received the request, and this one
 * did not execute it (RFC 9110, 15.4), so the account has moved or the settings name the wrong host. The message names the other host only:
 * a path or query may hold a secret. Returns undefined for any other answer.
 */
export function readRedirect(status: number, headers: Headers, origin: string): UpstreamFailure | undefined {
  if (!pointsElsewhere.has(status)) return undefined;
  const target = URL.parse(headers.get('location') ?? '', origin);
  const { host } = new URL(origin);
  if (!target || !/^https?:$/.test(target.protocol) || target.host === host) return undefined;
  return refused(
    'CONNECTION_INVALID',
    `${host} did nothing, and points to ${textStart(target.host, maxHost)}: the account has moved, or the connection’s settings name the wrong ` +
      'host. Someone must correct the account’s address or region there. Do not call again before that.',
  );
}
