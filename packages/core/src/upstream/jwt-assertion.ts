import type { Authorization } from '../connector/authorization.ts';
import { ToolError } from '../errors.ts';
import { toBase64Url } from '../lib/base64url.ts';

// Vendors take three minutes at the most (Salesforce), by their own clock: two leave room for one that is a minute slow, or almost two fast.
const lifeMs = 2 * 60_000;

const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

/**
 * Signs what says who the connection is (RFC 7523, RS256), good for two minutes from `nowMs`. It says nothing of when it was made, which a slow
 * clock of the vendor's would take for the future.
 *
 * @throws {ToolError} CONNECTION_INVALID for a key that is not PEM of a PKCS#8 RSA key.
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
    const pkcs8 = Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));
    return await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  } catch {
    // No cause: what failed to parse is a secret.
    throw new ToolError(
      'CONNECTION_INVALID',
      'The private key in the connection’s settings is not an RSA key in PEM of PKCS#8 (-----BEGIN PRIVATE KEY-----). Someone must put one ' +
        'there: "openssl pkcs8 -topk8 -nocrypt" converts others.',
    );
  }
}
