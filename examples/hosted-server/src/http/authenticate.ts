import { hash } from 'node:crypto';
import { memoryRateLimit, ToolError, type Authenticate, type Clock, type Credentials, type Logger, type Principal } from '@busbar/core';
import { addressOwner } from '@busbar/core/mcp/http';
import type { ApiKeys } from '@busbar/postgres';
import { createShares } from './shares.ts';

/** Authenticates callers by API key (`Authorization: Bearer bb_…`). */
export interface Authenticator {
  /**
   * Remembers principals for 30 seconds, under the hash of the key, so a key that another process revokes works on for that long. Remembers
   * the 10,000 keys used most recently, and no unknown keys.
   */
  readonly authenticate: Authenticate;
  /** Looks the key up each time. A key that was revoked before the request is refused. */
  readonly authenticateAfresh: Authenticate;
  /** Forgets a key that was revoked: no later request is admitted without a lookup of its key. */
  forget(id: string): void;
}

/** The services that the authenticator needs. */
export interface AuthenticatorOptions {
  readonly keys: Pick<ApiKeys, 'use'>;
  readonly clock: Clock;
  /** Gets a line for each address with refused keys, at most one a minute. */
  readonly log: Logger;
}

const cacheMs = 30_000;
const maxCached = 10_000;
// The most lookups at the same time, in all and of one address. More would mean an attack or an outage.
const maxLookups = { total: 1_000, each: 100 };
const logEveryMs = 60_000;
const maxLogged = 1_000;

/** Creates an authenticator that has looked up no key yet. */
export function createAuthenticator({ keys, clock, log }: AuthenticatorOptions): Authenticator {
  const cached = new Map<string, { readonly principal: Principal; readonly until: number }>();
  const lookups = new Map<string, Promise<Principal>>();
  const shares = createShares({ what: 'lookups of API keys', ...maxLookups });
  const logLimit = memoryRateLimit([{ limit: 1, windowMs: logEveryMs }], { clock, maxKeys: maxLogged });
  let forgotten = 0;

  function cache(digest: string, principal: Principal): void {
    const [oldest] = cached.keys();
    if (oldest !== undefined && cached.size >= maxCached) cached.delete(oldest);
    cached.set(digest, { principal, until: clock.elapsed() + cacheMs });
  }

  async function lookUp(token: string, digest: string, address: string | undefined): Promise<Principal> {
    const owner = addressOwner(address);
    if (!shares.take(owner))
      throw new ToolError(
        'UNAVAILABLE',
        'Too many requests wait for a check of their API keys, here or from this address. Send fewer at a time.',
      );
    const forgottenBefore = forgotten;
    const found = await keys
      .use(token)
      .catch((cause: unknown) => {
        throw new ToolError('UNAVAILABLE', 'This server cannot check API keys at the moment. Try again in a few seconds.', { cause });
      })
      .finally(() => shares.give(owner));
    if (!found) {
      cached.delete(digest);
      await logRefusal(owner);
      throw unknownKey(token);
    }
    const { tenant, id, roles, toolsets } = found;
    const principal = { tenant, id, roles, toolsets };
    // A key that was forgotten since may be this one, and its record may be older than that.
    if (forgotten === forgottenBefore) cache(digest, principal);
    return principal;
  }

  /** @param address As `addressOwner` returns it. */
  async function logRefusal(address: string): Promise<void> {
    const { allowed } = await logLimit.take(address);
    if (allowed) log.warn({ address }, 'An unknown or revoked API key was refused');
  }

  async function authenticate({ token, address }: Credentials): Promise<Principal> {
    if (token === undefined) throw missingKey();
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
    const lookup = lookUp(token, digest, address).finally(() => {
      if (lookups.get(digest) === lookup) lookups.delete(digest);
    });
    lookups.set(digest, lookup);
    return lookup;
  }

  return {
    authenticate,
    async authenticateAfresh({ token, address }) {
      if (token === undefined) throw missingKey();
      return await lookUp(token, hash('sha256', token), address);
    },
    forget(id) {
      forgotten += 1;
      // Lookups that have begun may have read the key before it was revoked. Later requests must not share them.
      lookups.clear();
      for (const [digest, { principal }] of cached) if (principal.id === id) cached.delete(digest);
    },
  };
}

// A client may have sent the name of a variable, and a new key would not help it.
const unknownKey = (token: string) =>
  new ToolError(
    'UNAUTHENTICATED',
    token.startsWith('bb_')
      ? 'This API key is not known here, or was revoked. Ask an operator for a new one.'
      : 'This is no API key of this server: they begin with bb_. Check that the client sends the key itself, and not the name of a variable.',
  );

const missingKey = () => new ToolError('UNAUTHENTICATED', 'Send an API key: the header "Authorization: Bearer bb_…".');
