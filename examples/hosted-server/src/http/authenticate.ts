import { hash } from 'node:crypto';
import { ToolError, type Authenticate, type Clock, type Principal } from '@busbar/core';
import type { ApiKeys } from '@busbar/postgres';

// Each key is looked up in the database at most once in this time, so a revoked key keeps working for at most this long.
const cacheMs = 30_000;
const maxCached = 10_000;
// The most lookups of different keys at the same time. More would mean an attack or an outage.
const maxLookups = 1_000;

/**
 * Authenticates callers by API key (`Authorization: Bearer bb_…`). Caches principals for 30 seconds, under the hash of the key. The cache
 * holds at most 10,000 keys, the most recently used. Unknown keys are not cached.
 */
export function createAuthenticate(keys: Pick<ApiKeys, 'use'>, clock: Clock): Authenticate {
  const cached = new Map<string, { readonly principal: Principal; readonly until: number }>();
  const lookups = new Map<string, Promise<Principal>>();

  function cache(digest: string, principal: Principal): void {
    const [oldest] = cached.keys();
    if (oldest !== undefined && cached.size >= maxCached) cached.delete(oldest);
    cached.set(digest, { principal, until: clock.elapsed() + cacheMs });
  }

  async function lookUp(key: string, digest: string): Promise<Principal> {
    const found = await keys.use(key).catch((cause: unknown) => {
      throw new ToolError('UNAVAILABLE', 'This server cannot check API keys at the moment. Try again in a few seconds.', { cause });
    });
    if (!found) throw new ToolError('UNAUTHENTICATED', 'This API key is not known here, or was revoked. Ask an operator for a new one.');
    const { tenant, id, roles, toolsets } = found;
    const principal = { tenant, id, roles, toolsets };
    cache(digest, principal);
    return principal;
  }

  return async ({ token }) => {
    if (token === undefined) throw new ToolError('UNAUTHENTICATED', 'Send an API key: the header "Authorization: Bearer bb_…".');
    const digest = hash('sha256', token);
    const hit = cached.get(digest);
    if (hit) {
      // The entry is set again below, which makes it the most recently used entry.
      cached.delete(digest);
      if (hit.until > clock.elapsed()) {
        cached.set(digest, hit);
        return hit.principal;
      }
    }
    const running = lookups.get(digest);
    if (running) return running;
    if (lookups.size >= maxLookups) throw new ToolError('UNAVAILABLE', 'Too many API keys are being checked. Try again in a moment.');
    const lookup = lookUp(token, digest).finally(() => lookups.delete(digest));
    lookups.set(digest, lookup);
    return lookup;
  };
}
