import type { Fields } from './http.ts';

/**
 * A kind of authorization that core knows how to do. Mark the config fields that its secrets come from with `secret(…)`; core redacts
 * what the vendor issues.
 */
export type Authorization =
  /** `Authorization: Bearer …`: an API key, or a token that a person made at the vendor. A key in another header is the client's to send. */
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** OAuth 2 client credentials (RFC 6749, 4.4). */
  | ({ readonly kind: 'client-credentials'; readonly clientId: string; readonly clientSecret: string } & TokenEndpoint)
  /** OAuth 2 with a signed assertion instead of a secret (RFC 7523), RS256. */
  | ({
      readonly kind: 'jwt-bearer';
      /** `iss`: the client's id. */
      readonly issuer: string;
      /** `sub`: the user that the connection acts as. */
      readonly subject: string;
      /** `aud`: the server that the assertion is for, often not the one of `tokenUrl`. */
      readonly audience: string;
      /** An RSA key as PEM (PKCS#8): `-----BEGIN PRIVATE KEY-----`. */
      readonly privateKey: string;
    } & TokenEndpoint)
  /**
   * OAuth 2 authorization code, once a person has authorized: the refresh token that came of it (RFC 6749, 6). Where the vendor gives a new one
   * with each token, the newest is kept in the host's state, beside a digest of the one in the settings; another one in the settings begins
   * anew. So the state must be as durable as the authorization: with state in memory alone, a restart loses what was rotated, and a
   * person must authorize again.
   */
  | ({
      readonly kind: 'refresh-token';
      readonly clientId: string;
      /** Absent: a public client. */
      readonly clientSecret?: string | undefined;
      readonly refreshToken: string;
    } & TokenEndpoint);

/** Where access tokens come from, for the kinds that get them from the vendor. */
export interface TokenEndpoint {
  /** Its origin must be among the connector's. */
  readonly tokenUrl: string;
  /** How the vendor takes the token request. The standard (RFC 6749) is `form`. */
  readonly body: 'form' | 'json';
  readonly scope?: string | undefined;
  /** Further fields of the token request. */
  readonly fields?: Fields;
  /** How long a token lives where the vendor's answer has no `expires_in`. Default 30 minutes. */
  readonly ttlMs?: number;
  /** Takes the base origin out of the vendor's token answer. It must match `origins`. */
  origin?(token: Readonly<Record<string, unknown>>): string;
}
