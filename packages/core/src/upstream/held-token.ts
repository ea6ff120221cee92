import { z } from 'zod';
import type { Token, TokenSource, TokenSourceOptions } from './token-source.ts';

/**
 * An access token, as the state stores it. The token was issued for the settings with this `version`. `expiresAt` is in the clock's time.
 */
export const accessToken = z.object({
  version: z.string(),
  accessToken: z.string(),
  origin: z.string().optional(),
  expiresAt: z.number(),
});
/** An access token, as {@link accessToken} parses it. */
export type AccessToken = z.output<typeof accessToken>;

/** How long before its expiry a token is replaced, so that it does not expire in transit. Replicas' clocks may differ by this much. */
export const marginMs = 30_000;

/**
 * Holds one connection's access token in this process, and runs one renewal at a time for all waiting requests. `renewal` returns a usable
 * token: issued for these settings, not refused, and not about to expire.
 */
export function heldToken(
  options: Pick<TokenSourceOptions, 'version' | 'clock' | 'onSecret'>,
  renewal: (isUsable: (token: AccessToken) => boolean) => Promise<AccessToken>,
): TokenSource {
  let current: { held: AccessToken; token: Token } | undefined;
  let refused: string | undefined;
  let renewing: Promise<Token> | undefined;

  const isUsable = (held: AccessToken): boolean =>
    held.version === options.version && held.accessToken !== refused && held.expiresAt - marginMs > options.clock.now();

  async function renew(): Promise<Token> {
    const held = await renewal(isUsable);
    options.onSecret(held.accessToken);
    current = { held, token: { header: `Bearer ${held.accessToken}`, origin: held.origin } };
    return current.token;
  }

  return {
    async get() {
      if (current && isUsable(current.held)) return current.token;
      renewing ??= renew().finally(() => (renewing = undefined));
      return await renewing;
    },
    renew(token) {
      refused = token.header.slice('Bearer '.length);
      // A newer token may already have replaced the refused token. In that case there is nothing to discard.
      if (current?.held.accessToken === refused) current = undefined;
      return true;
    },
  };
}
