import { ToolError, type Authenticate, type Principal, type RateLimit, type RateLimitDecision } from '@busbar/core';
import type { MiddlewareHandler } from 'hono';
import { callerAddress } from '../http/caller-address.ts';
import type { WebBindings } from '../http/web-listener.ts';

/** Who asks, once it is known. */
export interface AdminCaller extends Principal {
  readonly address: string | undefined;
  readonly isOperator: boolean;
}

/** What the routes find in a request's context. */
export interface AdminEnv {
  Bindings: WebBindings;
  Variables: { caller: AdminCaller };
}

/** How a caller is found and limited. */
export interface AdmitOptions {
  readonly authenticate: Authenticate;
  readonly limitPerAddress: RateLimit;
  /** The limit that the key has for MCP too: what it asks here counts there. */
  limitPerKey(principal: Principal): Promise<RateLimitDecision | undefined>;
  readonly trustProxy: boolean;
}

/**
 * Lets in whoever has a role, within the limits of the address and of the key: `owner` for what is its own tenant's, `operator` for what is
 * any tenant's, and the server's own.
 */
export function admitCaller(options: AdmitOptions): MiddlewareHandler<AdminEnv> {
  return async (context, next) => {
    const address = callerAddress(context.env.incoming, options.trustProxy);
    within(await options.limitPerAddress.take(address ?? ''), 'address');
    const token = /^Bearer +(\S+) *$/i.exec(context.req.header('authorization') ?? '')?.[1];
    const principal = await options.authenticate({ token, address });
    within(await options.limitPerKey(principal), 'key');
    const isOperator = principal.roles.includes('operator');
    if (!isOperator && !principal.roles.includes('owner'))
      throw new ToolError('FORBIDDEN', 'This key has neither the role "owner" nor "operator". Use one that has.');
    context.set('caller', { ...principal, address, isOperator });
    await next();
    context.header('cache-control', 'no-store');
  };
}

function within(decision: RateLimitDecision | undefined, whose: 'address' | 'key'): void {
  if (decision && !decision.allowed)
    throw new ToolError('RATE_LIMITED', `Too many requests of this ${whose}. Wait, then ask again.`, { retryAfterMs: decision.resetMs });
}

/**
 * Whose things a request is about: an owner's own tenant, whatever it asks for; for an operator the wanted one, or undefined for all.
 *
 * @throws {ToolError} FORBIDDEN where an owner wants another tenant's.
 */
export function tenantFor({ isOperator, tenant }: AdminCaller, wanted: string | undefined): string | undefined {
  if (isOperator) return wanted;
  if (wanted !== undefined && wanted !== tenant)
    throw new ToolError('FORBIDDEN', 'This key acts for its own tenant alone. Leave "tenant" out, or use a key with the role "operator".');
  return tenant;
}

/** @throws {ToolError} FORBIDDEN for everybody but operators. */
export function requireOperator({ isOperator }: AdminCaller): void {
  if (!isOperator) throw new ToolError('FORBIDDEN', 'This is for keys with the role "operator" alone: it concerns all tenants.');
}
