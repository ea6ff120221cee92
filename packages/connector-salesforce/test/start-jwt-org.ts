import { startOrg, type Org } from './start-org.ts';

/** Opens an org by the JWT bearer flow, with a newly generated key, which `write` may write in another form. */
export async function startJwtOrg(write = (pem: string) => pem): Promise<Org> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };
  const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const base64 = async (form: 'spki' | 'pkcs8', key: Parameters<typeof crypto.subtle.exportKey>[1]) =>
    btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.exportKey(form, key))));
  const privateKey = `-----BEGIN PRIVATE KEY-----\n${await base64('pkcs8', pair.privateKey)}\n-----END PRIVATE KEY-----`;
  return await startOrg(
    { jwt: { username: 'bot@example.com', publicKey: await base64('spki', pair.publicKey) } },
    { clientSecret: undefined, username: 'bot@example.com', privateKey: write(privateKey) },
  );
}
