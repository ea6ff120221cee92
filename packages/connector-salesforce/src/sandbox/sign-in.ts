import type { Clock } from '@busbar/core';
import { VendorError } from '@busbar/core/testing';
import { refusal } from './refusal.ts';
import { vendorLimits } from './vendor-limits.ts';

const sessionMs = 2 * 3_600_000;
const maxSessions = 100;

/** The credentials that the sandbox accepts. */
export interface SignInOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  /** The user and the public key (base64 SPKI) for the JWT bearer flow. Absent: the sandbox refuses the flow. */
  readonly jwt?: { readonly username: string; readonly publicKey: string } | undefined;
}

/** Creates the sandbox's OAuth flows and its sessions. A session lasts two hours. Keeps at most 100 sessions. */
export function createSignIn(clock: Clock, host: string, client: SignInOptions) {
  const sessions = new Map<string, number>();
  const refuse = (error: string, error_description: string) => new VendorError(400, { error, error_description });

  async function demandAssertion(assertion: string): Promise<void> {
    const [head = '', claims = '', signature = ''] = assertion.split('.');
    const bytes = (text: string) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('spki', bytes(client.jwt?.publicKey ?? ''), algorithm, false, ['verify']);
    if (!(await crypto.subtle.verify(algorithm, key, bytes(signature), new TextEncoder().encode(`${head}.${claims}`))))
      throw refuse('invalid_grant', 'invalid assertion');
    const { iss, sub, aud, exp } = JSON.parse(new TextDecoder().decode(bytes(claims))) as Readonly<Record<string, unknown>>;
    if (iss !== client.clientId) throw refuse('invalid_client_id', 'client identifier invalid');
    if (sub !== client.jwt?.username) throw refuse('invalid_grant', 'user hasn\u0027t approved this consumer');
    if (!/^https:\/\/(login|test)\.salesforce\.com$/.test(String(aud))) throw refuse('invalid_grant', 'audience is invalid');
    const left = Number(exp) * 1000 - clock.now();
    if (!(left > 0 && left <= vendorLimits.assertionMinutes.most * 60_000)) throw refuse('invalid_grant', 'expired authorization code');
  }

  /** @throws {VendorError} if a token request does not belong to a flow that is set up, or carries wrong credentials. */
  async function demandGrant(fields: Readonly<Record<string, unknown>>): Promise<void> {
    const { grant_type, client_id, client_secret, assertion, refresh_token } = fields;
    if (grant_type === 'urn:ietf:params:oauth:grant-type:jwt-bearer' && client.jwt) return demandAssertion(String(assertion));
    if (grant_type !== 'client_credentials' && grant_type !== 'refresh_token')
      throw refuse('unsupported_grant_type', 'grant type not supported');
    if (client_id !== client.clientId) throw refuse('invalid_client_id', 'client identifier invalid');
    if (client_secret !== client.clientSecret) throw refuse('invalid_client', 'invalid client credentials');
    if (grant_type === 'refresh_token' && refresh_token !== client.refreshToken)
      throw refuse('invalid_grant', 'expired access/refresh token');
  }

  return {
    /** Answers a token request. @throws {VendorError} */
    async issueToken(body: unknown): Promise<object> {
      await demandGrant((body ?? {}) as Record<string, unknown>);
      const token = `00D000000000001!${Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
      sessions.set(token, clock.now() + sessionMs);
      const [oldest] = sessions.keys();
      if (sessions.size > maxSessions && oldest !== undefined) sessions.delete(oldest);
      // Salesforce does not say when the session ends.
      return {
        access_token: token,
        signature: 'c2FuZGJveA==',
        scope: 'api',
        instance_url: `https://${host}`,
        id: 'https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA',
        token_type: 'Bearer',
        issued_at: String(clock.now()),
      };
    },

    /** @throws {VendorError} if the request carries no valid session. */
    demandSession(authorization: string | undefined): void {
      const endsAt = sessions.get(authorization?.replace(/^Bearer /, '') ?? '');
      if (endsAt === undefined || endsAt <= clock.now()) throw refusal(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
    },

    /** Ends all sessions. */
    expireSessions: () => sessions.clear(),
  };
}
