import type { Authorization } from '../connector/authorization.ts';
import { jwtAssertion } from './jwt-assertion.ts';
import { rotatingToken } from './rotating-token.ts';
import { sharedToken } from './shared-token.ts';
import type { TokenSource, TokenSourceOptions } from './token-source.ts';

/** Creates the token source that a connector's authorization declares. Returns undefined if there is no authorization. */
export function createTokenSource(authorization: Authorization | undefined, options: TokenSourceOptions): TokenSource | undefined {
  switch (authorization?.kind) {
    case undefined:
      return undefined;
    case 'bearer':
      return fixedToken(`Bearer ${authorization.token}`);
    case 'basic': {
      const encoded = btoa(String.fromCharCode(...new TextEncoder().encode(`${authorization.username}:${authorization.password}`)));
      options.onSecret(encoded);
      return fixedToken(`Basic ${encoded}`);
    }
    case 'client-credentials': {
      const { clientId, clientSecret } = authorization;
      return sharedToken(options, async () => ({
        endpoint: authorization,
        fields: { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret },
        onInvalidGrant: 'Someone must allow this OAuth client to act for itself at the vendor, and check the user that it runs as there.',
      }));
    }
    case 'jwt-bearer':
      return sharedToken(options, async () => {
        const assertion = await jwtAssertion(authorization, options.clock.now());
        options.onSecret(assertion);
        return {
          endpoint: authorization,
          fields: { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion },
          onInvalidGrant:
            'Someone must check that the client id, user and audience in the connection’s settings are right, that the client has the ' +
            'certificate of the private key and may act for that user at the vendor, and that this server’s clock is right.',
        };
      });
    case 'refresh-token':
      return rotatingToken(authorization, options);
  }
}

function fixedToken(header: string): TokenSource {
  const token = { header };
  return { get: async () => token, renew: () => false };
}
