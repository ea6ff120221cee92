import { hash } from 'node:crypto';
import type { Call } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import type { Tables } from './database/tables.ts';

/** Whether the call's idempotency key makes a claim. */
export const claims = ({ key, effect }: Call): boolean => key !== undefined && effect !== 'read';

/** The claim that a call's idempotency key makes, or null. A hash, so that any key fits and none can be read back. */
export function claimOf(call: Call): string | null {
  const { principal, connection, tool, key } = call;
  return claims(call) ? hash('sha256', JSON.stringify([principal.tenant, connection, tool, key])) : null;
}

/** What a claim says to whoever comes after it. */
export interface ClaimState {
  readonly inputHash: string;
  readonly callId: string;
  /** The call that holds it has ended. */
  readonly ended: boolean;
  /** JSON. Null while the call runs, and where nobody can tell how it ended. */
  readonly answer: string | null;
}

/** The claims of these ids, as they are now. One that has expired is as good as gone. */
export async function readClaims(db: Kysely<Tables>, ids: readonly string[], now: number): Promise<ReadonlyMap<string, ClaimState>> {
  const rows = await db
    .selectFrom('claims')
    .selectAll()
    .where(sql<boolean>`id = any(${[...new Set(ids)]}::text[])`)
    .where(({ or, eb }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', new Date(now))]))
    .execute();
  return new Map(
    rows.map(({ id, input_hash, call_id, answer, expires_at }) => [
      id,
      { inputHash: input_hash, callId: call_id, ended: expires_at !== null, answer },
    ]),
  );
}
