import type { Fields } from './http.ts';

/**
 * How core authorizes a connector's requests. Mark the config fields that hold its secrets with `secret(…)`. Core redacts the tokens that
 * the vendor issues.
 */
export type Authorization =
  /**
   * `Authorization: Bearer …`: an API key, or a token that a person created at the vendor. If a key needs another header, the connector's
   * client sends the key itself.
   */
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** OAuth 2 client credentials (RFC 6749, 4.4). */
  | ({ readonly kind: 'client-credentials'; readonly clientId: string; readonly clientSecret: string } & TokenEndpoint)
  /** OAuth 2 with a signed assertion instead of a secret (RFC 7523, RS256). */
  | ({
      readonly kind: 'jwt-bearer';
      /** `iss`: the client's id. */
      readonly issuer: string;
      /** `sub`: the user on whose behalf the connection acts. */
      readonly subject: string;
      /** `aud`: the server that checks the assertion, often not the host of `tokenUrl`. */
      readonly audience: string;
      /** An RSA key in PEM format (PKCS#8): `-----BEGIN PRIVATE KEY-----`. */
      readonly privateKey: string;
    } & TokenEndpoint)
  /**
   * The refresh token of an OAuth 2 authorization code grant (RFC 6749, 6), after a person has authorized. If the vendor rotates refresh
   * tokens, core keeps the newest token in the host's state, with a digest of the token in the settings. A different token in the settings
   * replaces the stored token. The state must therefore be durable: if it is in memory, a restart loses the rotated token, and a person
   * must authorize again.
   */
  | ({
      readonly kind: 'refresh-token';
      readonly clientId: string;
      /** Absent: a public client. */
      readonly clientSecret?: string | undefined;
      readonly refreshToken: string;
    } & TokenEndpoint);

/** The vendor's token endpoint, for authorizations that fetch access tokens. */
export interface TokenEndpoint {
  /** Its origin must be one of the connector's `origins`. */
  readonly tokenUrl: string;
  /** The format of the token request. The standard (RFC 6749) is `form`. */
  readonly body: 'form' | 'json';
  readonly scope?: string | undefined;
  /** Further fields of the token request. */
  readonly fields?: Fields | undefined;
  /** The lifetime of a token whose response has no `expires_in`, in milliseconds. Default 30 minutes. */
  readonly ttlMs?: number | undefined;
  /** Reads the base origin from the token response. The origin must match `origins`. */
  origin?(token: Readonly<Record<string, unknown>>): string;
}
