import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import type { Credentials } from '../principal.ts';
import type { RateLimit } from '../rate-limit.ts';
import { showRateLimit } from './rate-limit-headers.ts';

/** How a caller's address is found and limited. */
export interface CallerOptions {
  /** Limits the requests of one address before it is known who calls, so that nobody can try keys at will. Default: none. */
  readonly limitPerAddress?: RateLimit;
  /** A proxy of yours stands before the server: take the caller's address from the last entry of `X-Forwarded-For`. Default: no. */
  readonly trustProxy?: boolean;
}

/** What a request says of its caller, none of it believed yet. Throws a Refusal where the address has asked too often. */
export async function credentials(
  request: IncomingMessage,
  response: ServerResponse,
  clock: Clock,
  options: CallerOptions,
): Promise<Credentials> {
  const { headers, socket } = request;
  const forwarded = options.trustProxy ? headers['x-forwarded-for'] : undefined;
  const address =
    String(forwarded ?? '')
      .split(',')
      .at(-1)
      ?.trim() || socket.remoteAddress;
  const decision = address === undefined ? undefined : await options.limitPerAddress?.take(address);
  if (decision && !decision.allowed) showRateLimit(decision, clock.now(), response);
  return { token: /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1], address };
}
