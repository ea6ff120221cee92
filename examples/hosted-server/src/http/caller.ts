import type { IncomingMessage } from 'node:http';
import { ToolError, type Authenticate, type Credentials, type Principal, type RateLimit } from '@busbar/core';
import { addressOwner, readCredentials } from '@busbar/core/mcp/http';

/** The ways to authenticate requests outside MCP. */
export interface CallerOptions {
  readonly authenticate: Authenticate;
  readonly limitPerAddress: RateLimit;
  /** Whether `X-Forwarded-For` names the client. */
  readonly trustProxy: boolean;
}

/** The sender of a request. */
export interface Caller {
  readonly principal: Principal;
  /** The client's network address. */
  readonly address: string | undefined;
}

/**
 * Counts a request against the limit of its address, then checks its API key.
 *
 * @throws {ToolError} RATE_LIMITED, or an error that `authenticate` throws.
 */
export async function authenticateCaller(request: IncomingMessage, options: CallerOptions): Promise<Caller> {
  const credentials = await countAddress(request, options);
  return { principal: await options.authenticate(credentials), address: credentials.address };
}

/** Counts a request against the limit of its address. Returns its credentials, unchecked. @throws {ToolError} RATE_LIMITED. */
export async function countAddress(request: IncomingMessage, options: Omit<CallerOptions, 'authenticate'>): Promise<Credentials> {
  const credentials = readCredentials(request, options);
  const { allowed, resetMs } = await options.limitPerAddress.take(addressOwner(credentials.address));
  if (!allowed)
    throw new ToolError('RATE_LIMITED', 'Too many requests from this address. Wait, then try again.', { retryAfterMs: resetMs });
  return credentials;
}
