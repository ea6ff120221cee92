import type { Authorization } from '@busbar/core';

/** The settings that decide how a connection signs in. */
interface SignInSettings {
  readonly myDomain: string;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  readonly username?: string | undefined;
  readonly privateKey?: string | undefined;
  readonly refreshToken?: string | undefined;
}

/**
 * Declares the OAuth flow for the settings. Tokens come from My Domain, because login.salesforce.com refuses client credentials. Salesforce
 * does not say when they expire: it answers 401 to an expired token, which is then renewed.
 */
export function signIn({ myDomain, clientId, clientSecret, username, privateKey, refreshToken }: SignInSettings): Authorization {
  const endpoint = {
    tokenUrl: `https://${myDomain}.my.salesforce.com/services/oauth2/token`,
    body: 'form' as const,
    origin: ({ instance_url }: Readonly<Record<string, unknown>>) => String(instance_url),
  };
  if (username !== undefined && privateKey !== undefined) {
    // Sandboxes and scratch orgs have their own login server.
    const audience = /\.(sandbox|scratch)$/.test(myDomain) ? 'https://test.salesforce.com' : 'https://login.salesforce.com';
    return { kind: 'jwt-bearer', issuer: clientId, subject: username, audience, privateKey, ...endpoint };
  }
  if (refreshToken !== undefined) return { kind: 'refresh-token', clientId, clientSecret, refreshToken, ...endpoint };
  return { kind: 'client-credentials', clientId, clientSecret: clientSecret ?? '', ...endpoint };
}
