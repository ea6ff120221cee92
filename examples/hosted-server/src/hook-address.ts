import { createHmac } from 'node:crypto';

/** The last part of a connection's webhook address: the same on every start and replica, and nobody without the secret can guess it. */
export function hookAddress(secret: string, connector: string, connection: string): string {
  return createHmac('sha256', secret)
    .update(JSON.stringify(['hook', connector, connection]))
    .digest('base64url');
}
