import { hash } from 'node:crypto';
import { ToolError, type Authenticate, type Clock, type Principal } from '@busbar/core';
import type { ApiKeys } from '@busbar/postgres';

// A revoked key works on for so long at most, and a key costs one look into the database in so long.
const rememberMs = 30_000;
const maxRemembered = 10_000;
// Each looks into the database at the same time. More than this is an attack or an outage.
const maxLooking = 1_000;

/**
 * Lets in whoever shows a good API key (`Authorization: Bearer bb_…`). What a key was found to be is remembered for 30 seconds under
 * the key's hash, for the 10,000 keys that were used last.
 */
export function createAuthenticate(keys: Pick<ApiKeys, 'use'>, clock: Clock): Authenticate {
  const remembered = new Map<string, { readonly principal: Principal; readonly until: number }>();
  const looking = new Map<string, Promise<Principal>>();

  function remember(digest: string, principal: Principal): void {
    const [oldest] = remembered.keys();
    if (oldest !== undefined && remembered.size >= maxRemembered) remembered.delete(oldest);
    remembered.set(digest, { principal, until: clock.now() + rememberMs });
  }

  async function look(key: string, digest: string): Promise<Principal> {
    const found = await keys.use(key).catch((cause: unknown) => {
      throw new ToolError('UNAVAILABLE', 'This server cannot check API keys at the moment. Try again in a few seconds.', { cause });
    });
    if (!found) throw new ToolError('UNAUTHENTICATED', 'This API key is not known here, or was revoked. Ask an operator for a new one.');
    const { tenant, id, roles, toolsets } = found;
    const principal = { tenant, id, roles, toolsets };
    remember(digest, principal);
    return principal;
  }

  return async ({ token }) => {
    if (token === undefined) throw new ToolError('UNAUTHENTICATED', 'Send an API key: the header "Authorization: Bearer bb_…".');
    const digest = hash('sha256', token);
    const known = remembered.get(digest);
    if (known) {
      remembered.delete(digest);
      if (known.until > clock.now()) {
        remembered.set(digest, known);
        return known.principal;
      }
    }
    const already = looking.get(digest);
    if (already) return already;
    if (looking.size >= maxLooking) throw new ToolError('UNAVAILABLE', 'Too many API keys are being checked. Try again in a moment.');
    const principal = look(token, digest).finally(() => looking.delete(digest));
    looking.set(digest, principal);
    return principal;
  };
}
