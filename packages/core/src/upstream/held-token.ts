import { z } from 'zod';
import type { Token, TokenSource, TokenSourceOptions } from './token-source.ts';

/** An access token as it is kept in state. `expiresAt` is clock time. */
export const accessToken = z.object({
  version: z.string(),
  accessToken: z.string(),
  origin: z.string().optional(),
  expiresAt: z.number(),
});
/** See the schema of that name. */
export type AccessToken = z.output<typeof accessToken>;

/** A token is replaced this long before it ends, so that none ends on its way, and replicas' clocks may differ by as much. */
export const marginMs = 30_000;

/**
 * Holds one connection's access token in this process, and has one renewal at a time for all who ask. `renewal` gives a token that is
 * `good`: of these settings, not refused, not about to end.
 */
export function heldToken(
  options: Pick<TokenSourceOptions, 'version' | 'clock' | 'onSecret'>,
  renewal: (good: (token: AccessToken) => boolean) => Promise<AccessToken>,
): TokenSource {
  let current: { held: AccessToken; token: Token } | undefined;
  let refused: string | undefined;
  let renewing: Promise<Token> | undefined;

  const good = (held: AccessToken): boolean =>
    held.version === options.version && held.accessToken !== refused && held.expiresAt - marginMs > options.clock.now();

  async function renew(): Promise<Token> {
    const held = await renewal(good);
    options.onSecret(held.accessToken);
    current = { held, token: { header: `Bearer ${held.accessToken}`, origin: held.origin } };
    return current.token;
  }

  return {
    async get() {
      if (current && good(current.held)) return current.token;
      renewing ??= renew().finally(() => (renewing = undefined));
      return await renewing;
    },
    renew(token) {
      refused = token.header.slice('Bearer '.length);
      // A later token than the refused one may be here already: then there is nothing to forget.
      if (current?.held.accessToken === refused) current = undefined;
      return true;
    },
  };
}
