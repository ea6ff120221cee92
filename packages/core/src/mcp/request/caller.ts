import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { Credentials } from '../../principal.ts';
import type { RateLimit } from '../../ports/rate-limit.ts';
import { mapMaybe, type MaybePromise } from '../../lib/maybe-promise.ts';
import { refuseByRateLimit } from './rate-limit-headers.ts';

/** How a caller's address is found and limited. */
export interface CallerOptions {
  /** Limits the requests of one address before it is known who calls, so that nobody can try keys at will. Default: none. */
  readonly limitPerAddress?: RateLimit;
  /** A proxy of yours stands before the server: take the caller's address from the last entry of `X-Forwarded-For`. Default: no. */
  readonly trustProxy?: boolean;
}

/** What a request says of its caller, none of it believed yet. */
export function credentials({ headers, socket }: IncomingMessage, { trustProxy }: CallerOptions): Credentials {
  const forwarded = trustProxy ? String(headers['x-forwarded-for'] ?? '').split(',') : [];
  const address = forwarded.at(-1)?.trim() || socket.remoteAddress;
  const { authorization } = headers;
  return { token: authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1], address };
}

/** Counts one request of an address. Throws an HttpError, or rejects with one, where it has asked too often. */
export function limitAddress(
  { address }: Credentials,
  response: ServerResponse,
  clock: Clock,
  { limitPerAddress }: CallerOptions,
): MaybePromise<void> {
  if (!limitPerAddress || address === undefined) return undefined;
  return mapMaybe(limitPerAddress.take(address), (decision) => {
    if (!decision.allowed) refuseByRateLimit(decision, clock.now(), response);
  });
}
