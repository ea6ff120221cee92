import type { Clock } from '@busbar/core';
import { VendorError } from '@busbar/core/testing';
import { limits } from './limits.ts';
import { failureBody } from './refusal.ts';

/** The credentials that the sandbox accepts. */
interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly email: string;
  readonly apiToken: string;
}

const maxTokens = 100;

/** Zendesk's two kinds of credential: tokens of an OAuth client, and the legacy API token. */
export function createSignIn(clock: Clock, credentials: Credentials) {
  const tokens = new Map<string, { readonly scopes: readonly string[]; readonly endsAt: number }>();

  return {
    /** Answers a token request. @throws {VendorError} for a wrong client, grant type or lifetime. */
    issueToken(body: unknown): object {
      const { grant_type, client_id, client_secret, scope = 'read write', expires_in = 1_800 } = (body ?? {}) as Record<string, unknown>;
      const refuse = (status: number, error: string, error_description: string) => new VendorError(status, { error, error_description });
      if (grant_type !== 'client_credentials')
        throw refuse(400, 'unsupported_grant_type', 'The authorization grant type is not supported by the authorization server.');
      if (client_id !== credentials.clientId || client_secret !== credentials.clientSecret) {
        throw refuse(
          401,
          'invalid_client',
          'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.',
        );
      }
      const seconds = Number(expires_in);
      const { shortestToken, longestToken } = limits;
      if (!(seconds >= shortestToken.least && seconds <= longestToken.most))
        throw refuse(400, 'invalid_request', `expires_in must be between ${shortestToken.least} and ${longestToken.most} seconds.`);
      const token = Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => byte.toString(16).padStart(2, '0')).join('');
      tokens.set(token, { scopes: String(scope).split(' '), endsAt: clock.now() + seconds * 1000 });
      const [oldest] = tokens.keys();
      if (tokens.size > maxTokens && oldest !== undefined) tokens.delete(oldest);
      return { access_token: token, token_type: 'bearer', scope: String(scope), expires_in: seconds };
    },

    /**
     * Returns the scopes of a request, or undefined if it has no valid credential. @throws {VendorError} for an expired or unknown token.
     */
    scopesOf(authorization: string | undefined): readonly string[] | undefined {
      const [scheme, value = ''] = authorization?.split(' ') ?? [];
      if (scheme === 'Basic') return value === btoa(`${credentials.email}/token:${credentials.apiToken}`) ? ['read', 'write'] : undefined;
      if (scheme !== 'Bearer') return undefined;
      const token = tokens.get(value);
      if (token && token.endsAt > clock.now()) return token.scopes;
      throw new VendorError(401, {
        error: 'invalid_token',
        error_description: 'The access token provided is expired, revoked, malformed or invalid for other reasons.',
      });
    },

    /** Expires all tokens. */
    expireTokens: () => tokens.clear(),
  };
}

/**
 * Checks that a request has the required scope. `write` covers `tickets:write` too.
 *
 * @throws {VendorError} 401 if there is no valid credential, 403 if no scope covers the required scope.
 */
export function requireScope(scopes: readonly string[] | undefined, needed: string): void {
  if (!scopes) throw new VendorError(401, failureBody(401).body, { 'www-authenticate': 'Basic realm="Web Password"' });
  const access = needed.split(':').at(-1) ?? needed;
  if (!scopes.includes(needed) && !scopes.includes(access)) {
    throw new VendorError(403, { error: 'Forbidden', description: `You are missing the following required scopes: ${needed}` });
  }
}
