import type { Generated } from 'kysely';

/** The tables after the newest migration. Times are timestamptz, which both drivers read and write as a Date. */
export interface Tables {
  api_keys: {
    id: string;
    tenant: string;
    name: string;
    /** The first characters of the key, so that a person can recognize it. */
    prefix: string;
    /** SHA-256 of the whole key, as hex. The key itself is never stored. */
    hash: string;
    roles: string[];
    toolsets: string[] | null;
    created_at: Date;
    revoked_at: Date | null;
    last_used_at: Date | null;
    /** The id of the key that made this key. Null for keys that the server made itself, and for keys from before this column. */
    created_by: string | null;
  };
  /** One row for each scope that is not empty. */
  state_scopes: {
    scope: string;
    /** Keys and logs. */
    items: number;
    /** The drivers return a number or a string of digits. */
    bytes: number | string;
  };
  state_values: {
    scope: string;
    /** A hash: see `toName`. */
    key: string;
    /** From one sequence for all values and entries, so that no version is used twice. */
    version: Generated<number | string>;
    size: number;
    sealed: Uint8Array;
  };
  /** One row for each log that is not empty, because counting the entries of a long log takes longer than appending to it. */
  state_logs: {
    scope: string;
    log: string;
    entries: number;
  };
  state_entries: {
    scope: string;
    log: string;
    /** A hash, unique among all logs: see `toName`. */
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
    /** The id of the claim for the call's idempotency key. Calls with the same key share it. */
    claim: string | null;
    /** `running` and then an `Outcome`'s status, or `replayed`. */
    status: string;
    /** Null while the call runs. */
    wrote: string | null;
    /** The error's code, if the call ended with an error. */
    code: string | null;
    upstream_requests: Generated<number>;
    bytes_out: Generated<number>;
    /** The caller's network address. */
    address: string | null;
    units: Generated<number>;
    /** An estimate: a quarter of the bytes. */
    tokens_out: Generated<number>;
    /**
     * Millionths of the currency: the highest possible cost while the call runs, then the actual cost. The drivers return a number or a
     * string of digits.
     */
    price: Generated<number | string>;
    /** False if the call's quota was refunded, or if the call used none. */
    charged: Generated<boolean>;
    /** The ids of the quota counters that counted the call. The first word of each id is the kind of quota. */
    counters: string[] | null;
    /** The id under which a job reports the delivery: see deliveries. */
    accepted: string | null;
    started_at: Date;
    ended_at: Date | null;
    /** The process that ran the call. */
    replica: string;
    /** The end of that replica's lease on the call. Null once the replica has settled the call. A sweep does not change it. */
    lease_until: Date | null;
  };
  /** One row for each idempotency key in use. */
  claims: {
    id: string;
    input_hash: string;
    /** The call that holds the claim. */
    call_id: string;
    /** JSON, for replay. Null while the call runs, and if its outcome is unknown. */
    answer: string | null;
    /** Null while the call runs. */
    expires_at: Date | null;
  };
  /** The deliveries of accepted calls, as jobs reported them. */
  deliveries: {
    connector: string;
    connection: string;
    accepted: string;
    outcome: string;
    message: string | null;
    reported_at: Date;
  };
  /** One row for each combination of quota, period and tenant or key. */
  quota_counters: {
    id: string;
    /** Committed and reserved. */
    used: number | string;
    ends_at: Date;
  };
  /** The hash chains of the audit. Each has one writer. */
  audit_chains: {
    id: string;
    replica: string;
    opened_at: Date;
    /** The end of its writer's lease. After that, another replica closes the chain. */
    lease_until: Date;
    /** How many links were appended, and the hash of the newest. */
    links: Generated<number>;
    head: string;
    closed_at: Date | null;
    /** How many of the oldest links retention has dropped, and the hash of the last of them. */
    dropped_links: Generated<number>;
    dropped_head: string | null;
  };
  /** One link for each transaction. */
  audit_links: {
    chain: string;
    /** From 1. */
    link: number;
    at: Date;
    /** JSON, one entry per line. */
    entries: string;
    /** SHA-256 of the previous hash and the other columns of this row. */
    hash: string;
  };
  /** Calls whose usage event is not delivered yet. */
  usage_outbox: {
    call_id: string;
    due_at: Date;
    attempts: Generated<number>;
  };
  /** Failed writes that can be retried: one row for each idempotency key, however often the write fails. */
  dead_letters: {
    /** The id of the claim that a retry takes. */
    id: string;
    /** The newest call that failed. */
    call_id: string;
    tenant: string;
    principal: string;
    connector: string;
    connection: string;
    tool: string;
    code: string;
    message: string;
    failed_at: Date;
    attempts: Generated<number>;
    /** Whether the host recognizes a repetition by the caller: true if the call had a key, from the caller or from the host. */
    keyed: boolean;
    /** The data that a retry needs: the principal's rights, the arguments and the idempotency key. */
    sealed: Uint8Array;
  };
}
