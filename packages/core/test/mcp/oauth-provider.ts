import type { OAuthClientProvider } from '@modelcontextprotocol/client';

/** Makes a client look for a sign-in with OAuth when its key is refused. */
export const oauthProvider: OAuthClientProvider = {
  redirectUrl: 'http://localhost/callback',
  clientMetadata: { redirect_uris: ['http://localhost/callback'] },
  clientInformation: () => undefined,
  saveClientInformation: () => {},
  tokens: () => undefined,
  saveTokens: () => {},
  redirectToAuthorization: () => {},
  saveCodeVerifier: () => {},
  codeVerifier: () => 'verifier',
};
