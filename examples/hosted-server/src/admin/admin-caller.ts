import { ToolError, type Principal, type RateLimitDecision } from '@busbar/core';
import type { MiddlewareHandler } from 'hono';
import type { WebBindings } from '../http/web-listener.ts';

/** The caller of an admin route. */
export interface AdminCaller extends Principal {
  readonly address: string | undefined;
  readonly isOperator: boolean;
}

/** The types of a route's Hono context. */
export interface AdminEnv {
  Bindings: WebBindings;
  Variables: { caller: AdminCaller };
}

/** How callers are limited. */
export interface AdmitOptions {
  /** The rate limits of the key and its tenant, shared with MCP: an admin request counts as a call. */
  limitPerKey(principal: Principal): Promise<RateLimitDecision | undefined>;
  /** The rate limit of the key alone, for revocations: a thief who uses up the tenant's limit must not keep its owner from revoking. */
  limitRevocations(principal: Principal): Promise<RateLimitDecision | undefined>;
}

/**
 * Admits an authenticated request if its key has one of the two roles and is not over its rate limit. The role `owner` covers its own
 * tenant. The role `operator` covers all tenants and the server itself.
 */
export function admitCaller(options: AdmitOptions): MiddlewareHandler<AdminEnv> {
  return async (context, next) => {
    const { principal, address } = context.env.sender;
    const isOperator = principal.roles.includes('operator');
    context.set('caller', { ...principal, address, isOperator });
    const decision = await (context.req.method === 'DELETE' ? options.limitRevocations(principal) : options.limitPerKey(principal));
    if (decision && !decision.allowed)
      throw new ToolError('RATE_LIMITED', 'Too many requests with this key, or of its tenant. Wait, then try again.', {
        retryAfterMs: decision.resetMs,
      });
    if (!isOperator && !principal.roles.includes('owner'))
      throw new ToolError('FORBIDDEN', 'This key has neither the role "owner" nor "operator". Use a key that has one of them.');
    await next();
    context.header('cache-control', 'no-store');
  };
}

/**
 * Returns the tenant that a request is about. For an owner, it is always the owner's tenant. For an operator, it is the requested tenant,
 * or undefined for all tenants.
 *
 * @throws {ToolError} FORBIDDEN if an owner requests another tenant.
 */
export function tenantFor({ isOperator, tenant }: AdminCaller, requested: string | undefined): string | undefined {
  if (isOperator) return requested;
  if (requested !== undefined && requested !== tenant)
    throw new ToolError('FORBIDDEN', 'This key acts for its own tenant only. Leave "tenant" out, or use a key with the role "operator".');
  return tenant;
}

/** @throws {ToolError} FORBIDDEN unless the caller is an operator. */
export function requireOperator({ isOperator }: AdminCaller): void {
  if (!isOperator) throw new ToolError('FORBIDDEN', 'Only keys with the role "operator" can do this, because it concerns all tenants.');
}
