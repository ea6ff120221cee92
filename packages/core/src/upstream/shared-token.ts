import { accessToken, heldToken } from './held-token.ts';
import { requestToken, type TokenRequest } from './request-token.ts';
import type { TokenSource, TokenSourceOptions } from './token-source.ts';

const stateKey = 'token';

/**
 * Tokens for a credential that does not change, for which the vendor issues any number of tokens. Each replica runs one renewal at a time,
 * and all replicas use the token that was stored first.
 */
export function sharedToken(options: TokenSourceOptions, request: () => Promise<TokenRequest>): TokenSource {
  const { state } = options;

  /** A store that is unreachable, or whose seal is broken, costs one more token and fails no call. */
  async function tryState<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (err) {
      options.log.warn({ err }, 'a token could not be shared through the state');
      return undefined;
    }
  }

  return heldToken(options, async (isUsable) => {
    const stored = await tryState(() => state.get(stateKey, accessToken));
    if (stored && isUsable(stored.value)) return stored.value;
    const { access: issued } = await requestToken(await request(), options);
    // Another replica may have been first. Both tokens work; with the stored one all replicas use the same.
    if ((await tryState(() => state.set(stateKey, issued, stored?.version))) === false) {
      const winner = await tryState(() => state.get(stateKey, accessToken));
      if (winner && isUsable(winner.value)) return winner.value;
    }
    return issued;
  });
}
