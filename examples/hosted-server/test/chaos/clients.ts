import { systemClock } from '@busbar/core';
import { createApiKeys, type Database } from '@busbar/postgres';
import type { Client } from './load.ts';

/** Creates clients of the server's tenant, each with its own key. */
export function createClients(database: Database, count: number): Promise<readonly Client[]> {
  const keys = createApiKeys(database, systemClock);
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const { id, key } = await keys.create({ tenant: 'default', name: `client ${index}`, roles: [] });
      return { principal: id, key };
    }),
  );
}
