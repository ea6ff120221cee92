import type { Authorization } from '../connector/authorization.ts';
import { ToolError } from '../errors.ts';
import { toBase64Url } from '../lib/base64url.ts';

// Salesforce accepts assertions that expire within three minutes by its own clock. Two minutes leave room for a vendor's clock that is a
// minute slow or almost two minutes fast.
const lifeMs = 2 * 60_000;

const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

/**
 * Signs an assertion of the connection's identity (RFC 7523, RS256), valid for two minutes from `nowMs`. It has no `iat`, because a vendor
 * whose clock is slow would refuse an `iat` in the future.
 *
 * @throws {ToolError} CONNECTION_INVALID if the key is not an RSA key in PKCS#8 PEM.
 */
export async function jwtAssertion(
  { issuer, subject, audience, privateKey }: Extract<Authorization, { kind: 'jwt-bearer' }>,
  nowMs: number,
): Promise<string> {
  const key = await importKey(privateKey);
  const claims = { iss: issuer, sub: subject, aud: audience, exp: Math.floor((nowMs + lifeMs) / 1000) };
  const signed = [{ alg: 'RS256', typ: 'JWT' }, claims]
    .map((part) => toBase64Url(new TextEncoder().encode(JSON.stringify(part))))
    .join('.');
  const signature = await crypto.subtle.sign(algorithm, key, new TextEncoder().encode(signed));
  return `${signed}.${toBase64Url(new Uint8Array(signature))}`;
}

async function importKey(pem: string) {
  try {
    const [, base64 = ''] = /-----BEGIN PRIVATE KEY-----([^-]+)-----END PRIVATE KEY-----/.exec(pem) ?? [];
    // Files of settings write a line end as the two characters \ and n. No base64 has a backslash.
    const pkcs8 = Uint8Array.from(atob(base64.replaceAll(/\\[nr]/g, '')), (byte) => byte.charCodeAt(0));
    return await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  } catch {
    // No cause: the text that failed to parse is a secret.
    throw new ToolError(
      'CONNECTION_INVALID',
      'The private key in the connection’s settings is not an RSA key in PEM of PKCS#8 (-----BEGIN PRIVATE KEY-----). Someone must put one ' +
        'there: "openssl pkcs8 -topk8 -nocrypt" converts others.',
    );
  }
}
