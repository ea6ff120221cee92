import type { IncomingMessage } from 'node:http';
import { ToolError, type Authenticate, type Principal, type RateLimit } from '@busbar/core';

/** How requests outside of MCP are authenticated. */
export interface CallerOptions {
  readonly authenticate: Authenticate;
  readonly limitPerAddress: RateLimit;
  /** Whether `X-Forwarded-For` names the client. */
  readonly trustProxy: boolean;
}

/** Who sent a request. */
export interface Caller {
  readonly principal: Principal;
  /** The client's network address. */
  readonly address: string | undefined;
}

/**
 * Counts a request against the limit of its address, then checks its API key.
 *
 * @throws {ToolError} RATE_LIMITED, or what `authenticate` throws.
 */
export async function authenticateCaller(request: IncomingMessage, options: CallerOptions): Promise<Caller> {
  const address = clientAddress(request, options.trustProxy);
  const { allowed, resetMs } = await options.limitPerAddress.take(address ?? '');
  if (!allowed)
    throw new ToolError('RATE_LIMITED', 'Too many requests from this address. Wait, then try again.', { retryAfterMs: resetMs });
  const token = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  return { principal: await options.authenticate({ token, address }), address };
}

/** The client's address: behind a trusted proxy, the last address in `X-Forwarded-For`; otherwise the peer's. */
function clientAddress({ headers, socket }: IncomingMessage, trustProxy: boolean): string | undefined {
  const forwarded = trustProxy ? String(headers['x-forwarded-for'] ?? '') : '';
  return forwarded.split(',').at(-1)?.trim() || socket.remoteAddress;
}
