import { createHmac } from 'node:crypto';
import type { Account } from '../settings/account.ts';

/** The last segment of a connection's webhook address: the same on every start and replica, and impossible to guess without the secret. */
export function webhookPath(secret: string, { tenant, connector, name }: Omit<Account, 'config'>): string {
  return createHmac('sha256', secret)
    .update(JSON.stringify(['hook', tenant, connector, name]))
    .digest('base64url');
}
