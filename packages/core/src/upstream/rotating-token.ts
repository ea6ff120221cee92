import { z } from 'zod';
import type { Authorization } from '../connector/authorization.ts';
import { ToolError } from '../errors.ts';
import { digest } from '../lib/digest.ts';
import { accessToken, heldToken, marginMs, type AccessToken } from './held-token.ts';
import { requestTimeoutMs, requestToken, type IssuedToken, type TokenRequest } from './request-token.ts';
import type { TokenSource, TokenSourceOptions } from './token-source.ts';

type RefreshToken = Extract<Authorization, { kind: 'refresh-token' }>;

/** The current tokens of one authorization. */
const grant = z.object({
  /** The digest of the refresh token in the settings, from which this grant's token descends. */
  root: z.string(),
  refreshToken: z.string(),
  access: accessToken.optional(),
  /** The replica that renews the grant, and when others may take over, in the clock's time. */
  lease: z.object({ owner: z.string(), until: z.number() }).optional(),
});
type Grant = z.output<typeof grant>;
/**
 * The newest grant first. While the settings change, some replicas use the old settings and some use the new settings, and neither group
 * may lose its tokens.
 */
const grants = z.array(grant);
const maxGrants = 2;

/** The state as it was read. A compare-and-set succeeds only if `version` is unchanged. */
interface StoredGrants {
  readonly own: Grant;
  readonly others: readonly Grant[];
  readonly version: string | undefined;
}

/** Tokens that the vendor has issued and the state has not stored yet, and the refresh token that was spent on them. */
interface UnsavedToken {
  readonly issued: IssuedToken;
  readonly spent: string;
}

type IsUsable = (token: AccessToken) => boolean;

const stateKey = 'grants';
/**
 * Longer than the timeout of a token request, by the difference that replicas' clocks may have. Shorter than a call, so that a waiting call
 * gets its turn after a crash.
 */
const leaseMs = requestTimeoutMs + 5_000;
const pollMs = 200;
const maxWaitMs = 2 * leaseMs;
const maxConflicts = 20;
/** How soon core tries again to store tokens after the state failed to store them. */
const unsavedMs = 5_000;

/**
 * Creates a token source for a refresh token that the vendor may replace at each use. The vendor may refuse a refresh token that is used
 * twice, or treat it as stolen. So one replica at a time renews the token, under a lease in the state. The other replicas wait and use the
 * token that it obtained. No replica renews while the state is unreachable.
 */
export function rotatingToken(authorization: RefreshToken, options: TokenSourceOptions): TokenSource {
  const renewal = new GrantRenewal(authorization, options);
  return heldToken(options, (isUsable) => renewal.renew(isUsable));
}

class GrantRenewal {
  readonly #authorization: RefreshToken;
  readonly #options: TokenSourceOptions;
  readonly #root: string;
  readonly #owner = crypto.randomUUID();
  #unsaved: UnsavedToken | undefined;

  constructor(authorization: RefreshToken, options: TokenSourceOptions) {
    this.#authorization = authorization;
    this.#options = options;
    this.#root = digest(authorization.refreshToken);
  }

  async renew(isUsable: IsUsable): Promise<AccessToken> {
    if (this.#unsaved) {
      const access = await this.#keep(this.#unsaved, isUsable);
      if (isUsable(access)) return access;
    }
    const own = await this.#claim(isUsable);
    if (own.access && isUsable(own.access)) return own.access;
    try {
      const issued = await requestToken(tokenRequest(this.#authorization, own.refreshToken), this.#options);
      if (issued.refreshToken !== undefined) this.#options.onSecret(issued.refreshToken);
      this.#unsaved = { issued, spent: own.refreshToken };
    } catch (error) {
      const released = await this.#release();
      // The replica whose lease had ended may have been slow, not dead. In that case its token is in the state now.
      if (released?.access && isUsable(released.access)) return released.access;
      throw error;
    }
    return await this.#keep(this.#unsaved, isUsable);
  }

  async #read(): Promise<StoredGrants> {
    const stored = await this.#options.state.get(stateKey, grants);
    const known = stored?.value ?? [];
    const own = known.find(({ root }) => root === this.#root) ?? { root: this.#root, refreshToken: this.#authorization.refreshToken };
    this.#options.onSecret(own.refreshToken);
    return { own, others: known.filter(({ root }) => root !== this.#root), version: stored?.version };
  }

  /** Returns false if another replica has changed the state. */
  #write(own: Grant, { others, version }: StoredGrants): Promise<boolean> {
    return this.#options.state.set(stateKey, [own, ...others].slice(0, maxGrants), version);
  }

  /**
   * Takes the lease as soon as no other replica has it, and returns the grant. If another replica has renewed the grant, returns it with
   * the new token and without a lease.
   */
  async #claim(isUsable: IsUsable): Promise<Grant> {
    const { clock } = this.#options;
    const giveUpAt = clock.elapsed() + maxWaitMs;
    while (clock.elapsed() < giveUpAt) {
      const stored = await this.#read().catch(unreadable);
      const { own } = stored;
      if (own.access && isUsable(own.access)) return own;
      const leftMs = (own.lease?.until ?? 0) - clock.now();
      // A replica with a wrong clock wrote a lease that ends further ahead than a lease can.
      if (leftMs <= 0 || leftMs > maxWaitMs) {
        const leased = { ...own, lease: { owner: this.#owner, until: clock.now() + leaseMs } };
        if (await this.#write(leased, stored).catch(unreadable)) return leased;
      }
      await new Promise<void>((resolve) => void clock.timer(pollMs, resolve));
    }
    throw new ToolError('UNAVAILABLE', 'Another replica is renewing the connection’s token and has not finished. Try again in a moment.');
  }

  /** Releases the lease, so that others may try at once. If that fails, they wait until the lease ends. */
  async #release(): Promise<Grant | undefined> {
    try {
      const stored = await this.#read();
      const { lease, ...free } = stored.own;
      if (lease?.owner === this.#owner) await this.#write(free, stored);
      return free;
    } catch (err) {
      this.#options.log.warn({ err }, 'the lease of a token’s renewal could not be released');
      return undefined;
    }
  }

  /**
   * Uses an unsaved token, and stores it if the state allows it. A token that could not be stored is used for a short time, and stored at
   * the next renewal.
   */
  async #keep(unsaved: UnsavedToken, isUsable: IsUsable): Promise<AccessToken> {
    const { access } = unsaved.issued;
    try {
      return await this.#save(unsaved);
    } catch (err) {
      this.#options.log.error(
        { err },
        'a renewed refresh token could not be stored: if this process ends before it is stored, someone must authorize again',
      );
      // Do not renew again, because the next token could not be stored either.
      if (!isUsable(access)) return unreadable(err);
      return { ...access, expiresAt: Math.min(access.expiresAt, this.#options.clock.now() + marginMs + unsavedMs) };
    }
  }

  /** Stores an unsaved token. Returns the token to use: another replica's, if one has renewed the grant further. */
  async #save({ issued: { access, refreshToken }, spent }: UnsavedToken): Promise<AccessToken> {
    for (let conflict = 0; conflict < maxConflicts; conflict += 1) {
      const stored = await this.#read();
      const { own } = stored;
      // A grant without an access token comes from the settings, because the state has lost the stored grant.
      const newer = own.refreshToken === spent ? undefined : own.access;
      if (!newer && !(await this.#write({ root: this.#root, refreshToken: refreshToken ?? spent, access }, stored))) continue;
      this.#unsaved = undefined;
      return newer ?? access;
    }
    throw new Error(`other replicas changed the grant ${maxConflicts} times in a row`);
  }
}

function tokenRequest({ clientId, clientSecret, ...endpoint }: RefreshToken, refreshToken: string): TokenRequest {
  return {
    endpoint,
    fields: { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId, client_secret: clientSecret },
    // The vendor does not say which of these is the reason.
    onInvalidGrant:
      'Its authorization was withdrawn or expired unused, or its newest refresh token was lost before it could be stored. Someone must authorize ' +
      'this server at the vendor again, and put the new refresh token into the connection’s settings.',
  };
}

function unreadable(cause: unknown): never {
  if (ToolError.is(cause)) throw cause;
  throw new ToolError('UNAVAILABLE', 'The store that keeps the connection’s refresh token is unreachable. Try again shortly.', { cause });
}
