import { accessToken, heldToken } from './held-token.ts';
import { requestToken, type TokenRequest } from './request-token.ts';
import type { TokenSource, TokenSourceOptions } from './token-source.ts';

const stateKey = 'token';

/** Tokens for a credential that does not change: whoever has it can get one more. One renewal at a time here, one winner among replicas. */
export function sharedToken(options: TokenSourceOptions, request: () => Promise<TokenRequest>): TokenSource {
  const { state } = options;

  /** A store that is away, or whose seal is broken, costs a token more and no call. */
  async function shared<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (err) {
      options.log.warn({ err }, 'a token could not be shared through the state');
      return undefined;
    }
  }

  return heldToken(options, async (good) => {
    const stored = await shared(() => state.get(stateKey, accessToken));
    if (stored && good(stored.value)) return stored.value;
    const { access: fresh } = await requestToken(await request(), options);
    // Another replica may have been first. Both tokens are good; keeping the winner's makes all replicas use one.
    if ((await shared(() => state.set(stateKey, fresh, stored?.version))) === false) {
      const winner = await shared(() => state.get(stateKey, accessToken));
      if (winner && good(winner.value)) return winner.value;
    }
    return fresh;
  });
}
