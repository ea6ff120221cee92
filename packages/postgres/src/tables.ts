import type { Generated } from 'kysely';

/** The tables as the newest migration leaves them. Times are timestamptz, which both drivers give and take as a Date. */
export interface Tables {
  api_keys: {
    id: string;
    tenant: string;
    name: string;
    /** The first characters of the key, for a person to recognize it by. */
    prefix: string;
    /** SHA-256 of the whole key, as hex. The key itself is never stored. */
    hash: string;
    roles: string[];
    toolsets: string[] | null;
    created_at: Date;
    revoked_at: Date | null;
    last_used_at: Date | null;
  };
  /** One row for each scope that holds something. */
  state_scopes: {
    scope: string;
    /** Keys and logs. */
    items: number;
    /** The drivers give it as a number or as digits. */
    bytes: number | string;
  };
  state_values: {
    scope: string;
    /** See `toName` for what stands here. */
    key: string;
    /** Of one sequence for all values and entries, so that none is given twice. */
    version: Generated<number | string>;
    size: number;
    sealed: Uint8Array;
  };
  /** One row for each log that holds something: counting a long one takes longer than what is done with it. */
  state_logs: {
    scope: string;
    log: string;
    entries: number;
  };
  state_entries: {
    scope: string;
    log: string;
    /** See `toName`: no other log has the same. */
    id: string;
    position: Generated<number | string>;
    key: string | null;
    size: number;
    sealed: Uint8Array;
  };
  /** The ledger: one row for each admitted call and each replay. */
  calls: {
    call_id: string;
    tenant: string;
    /** The id of the key or user that called. */
    principal: string;
    connector: string;
    connection: string;
    tool: string;
    effect: string;
    /** The id of the claim that the call's idempotency key makes: calls with one key share it. */
    claim: string | null;
    /** `running`, then an `Outcome`'s status; or `replayed`. */
    status: string;
    /** Null while it runs. */
    wrote: string | null;
    /** The error's code, where it ended with one. */
    code: string | null;
    upstream_requests: Generated<number>;
    bytes_out: Generated<number>;
    /** What a job reports under: see deliveries. */
    accepted: string | null;
    started_at: Date;
    ended_at: Date | null;
    /** Who ran it. */
    replica: string;
    /** Until when that replica vouches for the call. Null once it has said how the call ended; a sweep leaves it as it found it. */
    lease_until: Date | null;
  };
  /** One row for each idempotency key that is taken. */
  claims: {
    id: string;
    input_hash: string;
    /** Who holds it. */
    call_id: string;
    /** JSON, for replay. Null while the call runs, and where nobody can tell how it ended. */
    answer: string | null;
    /** Null while the call runs. */
    expires_at: Date | null;
  };
  /** What jobs reported of accepted calls. */
  deliveries: {
    connector: string;
    connection: string;
    accepted: string;
    outcome: string;
    message: string | null;
    reported_at: Date;
  };
}
