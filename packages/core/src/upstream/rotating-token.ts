import { z } from 'zod';
import type { Authorization } from '../connector/authorization.ts';
import { digest } from '../lib/digest.ts';
import { ToolError } from '../errors.ts';
import { accessToken, heldToken, marginMs, type AccessToken } from './held-token.ts';
import { requestTimeoutMs, requestToken, type IssuedToken } from './request-token.ts';
import type { TokenSource, TokenSourceOptions } from './token-source.ts';

type RefreshToken = Extract<Authorization, { kind: 'refresh-token' }>;

/** What became of one authorization. */
const grant = z.object({
  /** The digest of the refresh token in the settings, which this one descends from. */
  root: z.string(),
  refreshToken: z.string(),
  access: accessToken.optional(),
  /** Who renews it, and until when that may be believed without word from there. Clock time. */
  lease: z.object({ owner: z.string(), until: z.number() }).optional(),
});
type Grant = z.output<typeof grant>;
/** The newest first. While the settings change, replicas have those of before and those of after, and neither may lose what it got. */
const grants = z.array(grant);
const maxGrants = 2;
/** What the state held when it was read, and what a compare-and-set must find unchanged. */
type Found = { readonly mine: Grant; readonly others: readonly Grant[]; readonly version: string | undefined };

const stateKey = 'grants';
/** Longer than a token request may take, by what replicas' clocks may differ; shorter than a call, which then gets its turn after a crash. */
const leaseMs = requestTimeoutMs + 5_000;
const pollMs = 200;
const maxWaitMs = 2 * leaseMs;
const maxConflicts = 20;
/** So soon it is tried again to store what the state did not take. */
const unsavedMs = 5_000;

/**
 * Tokens for a refresh token that the vendor may replace with each use, and refuse, or take for stolen, when it comes twice. So one replica
 * renews at a time, by a lease in the state; the others wait, and use what it got. Without the state nothing is renewed.
 */
export function rotatingToken(authorization: RefreshToken, options: TokenSourceOptions): TokenSource {
  const { state, clock, log } = options;
  const root = digest(authorization.refreshToken);
  const owner = crypto.randomUUID();
  /** What the vendor gave, as long as the state has not taken it, and the refresh token that it cost. */
  let unsaved: { readonly issued: IssuedToken; readonly spent: string } | undefined;

  async function read(): Promise<Found> {
    const found = await state.get(stateKey, grants);
    const known = found?.value ?? [];
    const mine = known.find((one) => one.root === root) ?? { root, refreshToken: authorization.refreshToken };
    options.onSecret(mine.refreshToken);
    return { mine, others: known.filter((one) => one.root !== root), version: found?.version };
  }

  const write = (mine: Grant, { others, version }: Found): Promise<boolean> =>
    state.set(stateKey, [mine, ...others].slice(0, maxGrants), version);

  /** Takes the lease, once nobody else has it. Gives what is there then: maybe a token that another got meanwhile, and no lease. */
  async function claim(good: (held: AccessToken) => boolean): Promise<Grant> {
    const giveUpAt = clock.now() + maxWaitMs;
    while (clock.now() < giveUpAt) {
      const found = await read().catch(unreadable);
      const { mine } = found;
      if (mine.access && good(mine.access)) return mine;
      const leftMs = (mine.lease?.until ?? 0) - clock.now();
      // Further ahead than a lease can be: whoever wrote it has a wrong clock.
      if (leftMs <= 0 || leftMs > maxWaitMs) {
        const leased = { ...mine, lease: { owner, until: clock.now() + leaseMs } };
        if (await write(leased, found).catch(unreadable)) return leased;
      }
      await clock.sleep(pollMs, new AbortController().signal);
    }
    throw new ToolError('UNAVAILABLE', 'Another replica is renewing the connection’s token and has not ended. Try again in a moment.');
  }

  /** Gives the lease back, so that others may try at once. Where that fails they wait until it ends. */
  async function release(): Promise<Grant | undefined> {
    try {
      const found = await read();
      const { lease, ...free } = found.mine;
      if (lease?.owner === owner) await write(free, found);
      return free;
    } catch (err) {
      log.warn({ err }, 'the lease of a token’s renewal could not be given back');
      return undefined;
    }
  }

  /** Stores what is unsaved, and gives the token to use: another replica's, where one has gone further meanwhile. */
  async function save({ issued: { access, refreshToken }, spent }: NonNullable<typeof unsaved>): Promise<AccessToken> {
    for (let conflict = 0; conflict < maxConflicts; conflict += 1) {
      const found = await read();
      const { mine } = found;
      // Without a token it is no more than the settings' own, in a state that has forgotten the rest.
      const further = mine.refreshToken === spent ? undefined : mine.access;
      if (!further && !(await write({ root, refreshToken: refreshToken ?? spent, access }, found))) continue;
      unsaved = undefined;
      return further ?? access;
    }
    throw new Error(`other replicas changed the grant ${maxConflicts} times in a row`);
  }

  /** The token of what is unsaved. Where it cannot be stored it is used for a moment, and then looked after again. */
  async function keep(what: NonNullable<typeof unsaved>, good: (held: AccessToken) => boolean): Promise<AccessToken> {
    const { access } = what.issued;
    try {
      return await save(what);
    } catch (err) {
      log.error({ err }, 'a renewed refresh token could not be stored: if this process ends before, someone must authorize again');
      // Its successor would be lost like itself.
      if (!good(access)) return unreadable(err);
      return { ...access, expiresAt: Math.min(access.expiresAt, clock.now() + marginMs + unsavedMs) };
    }
  }

  return heldToken(options, async (good) => {
    if (unsaved) {
      const access = await keep(unsaved, good);
      if (good(access)) return access;
    }
    const mine = await claim(good);
    if (mine.access && good(mine.access)) return mine.access;
    try {
      const issued = await requestToken(requestOf(authorization, mine.refreshToken), options);
      if (issued.refreshToken !== undefined) options.onSecret(issued.refreshToken);
      unsaved = { issued, spent: mine.refreshToken };
    } catch (error) {
      const left = await release();
      // A replica whose lease had ended was slow, not dead: what it got is there now.
      if (left?.access && good(left.access)) return left.access;
      throw error;
    }
    return await keep(unsaved, good);
  });
}

function requestOf({ clientId, clientSecret, ...endpoint }: RefreshToken, refreshToken: string) {
  return {
    endpoint,
    fields: { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId, client_secret: clientSecret },
    // Which of these it was nobody can tell any more.
    ungranted:
      'Its authorization was withdrawn, ended unused, or its newest refresh token was lost before it could be stored. Someone must authorize ' +
      'this server at the vendor again, and put the new refresh token into the connection’s settings.',
  };
}

function unreadable(cause: unknown): never {
  if (ToolError.is(cause)) throw cause;
  throw new ToolError('UNAVAILABLE', 'The store that keeps the connection’s refresh token is away. Try again shortly.', { cause });
}
