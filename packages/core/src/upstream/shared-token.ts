import { accessToken, heldToken } from './held-token.ts';
import { requestToken, type TokenRequest } from './request-token.ts';
import type { TokenSource, TokenSourceOptions } from './token-source.ts';

const stateKey = 'token';

/**
 * Creates a token source for a credential that does not change, and for which the vendor issues an unlimited number of tokens. Each replica
 * runs one renewal at a time, and all replicas use the token that was stored first.
 */
export function sharedToken(options: TokenSourceOptions, request: () => Promise<TokenRequest>): TokenSource {
  const { state } = options;

  /** Returns undefined if the store is unreachable or its seal is broken. That costs one more token and fails no call. */
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
    // Another replica may have been first. Both tokens work, but all replicas should use the same token.
    if ((await tryState(() => state.set(stateKey, issued, stored?.version))) === false) {
      const first = await tryState(() => state.get(stateKey, accessToken));
      if (first && isUsable(first.value)) return first.value;
    }
    return issued;
  });
}
