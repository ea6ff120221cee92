import { hash } from 'node:crypto';
import type { Call } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import type { Tables } from './database/tables.ts';

/** Whether the call's idempotency key claims a row. Reads claim no row. */
export const claims = ({ key, effect }: Call): boolean => key !== undefined && effect !== 'read';

/**
 * The id of a call's claim, or null if the call claims nothing. The id is a hash, so the key may have any length and cannot be read from
 * the id.
 */
export function claimOf(call: Call): string | null {
  const { principal, connection, tool, key } = call;
  return claims(call) ? hash('sha256', JSON.stringify([principal.tenant, connection, tool, key])) : null;
}

/** The state of a claim, as a later call with the same key reads it. */
export interface ClaimState {
  readonly inputHash: string;
  readonly callId: string;
  /** Whether the call that holds the claim has ended. */
  readonly ended: boolean;
  /** JSON. Null while the call runs or if its outcome is unknown. */
  readonly answer: string | null;
}

/** Reads the claims with these ids, except expired ones. */
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
