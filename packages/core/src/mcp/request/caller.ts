import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import { mapMaybe, type MaybePromise } from '../../lib/maybe-promise.ts';
import type { RateLimit } from '../../ports/rate-limit.ts';
import type { Credentials } from '../../principal.ts';
import { addressOwner } from '../room/address-owner.ts';
import { refusedByRateLimit } from './rate-limit-headers.ts';

/** How the transport determines a caller's address and limits its requests. */
export interface CallerOptions {
  /**
   * Limits the requests from one address before authentication, so that a client cannot try an unlimited number of keys. An IPv6 address
   * counts as its /64. Default: none.
   */
  readonly limitPerAddress?: RateLimit | undefined;
  /** Set this if the server is behind your proxy. The caller's address is then the last entry of `X-Forwarded-For`. Default: false. */
  readonly trustProxy?: boolean | undefined;
}

/**
 * Reads a request's Bearer token and its client's address. The address is the peer's or, behind a trusted proxy, the last entry of
 * `X-Forwarded-For`. Verifies neither the token nor the address.
 */
export function readCredentials({ headers, socket }: IncomingMessage, { trustProxy }: Pick<CallerOptions, 'trustProxy'>): Credentials {
  const forwarded = trustProxy ? String(headers['x-forwarded-for'] ?? '').split(',') : [];
  const address = forwarded.at(-1)?.trim() || socket.remoteAddress;
  return { token: bearerToken(headers.authorization), address };
}

/** Returns the token of `Authorization: Bearer …`. Undefined for any other header. */
function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
}

/** Counts one request from an address. Throws an HttpError, or rejects with it, if the address is over its limit. */
export function limitAddress(
  { address }: Credentials,
  response: ServerResponse,
  clock: Clock,
  { limitPerAddress }: CallerOptions,
): MaybePromise<void> {
  if (!limitPerAddress) return undefined;
  return mapMaybe(limitPerAddress.take(addressOwner(address)), (decision) => {
    if (!decision.allowed) throw refusedByRateLimit(decision, clock.now(), response, ' from your network address');
  });
}
