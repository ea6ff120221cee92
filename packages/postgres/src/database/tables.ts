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
    /** The caller's network address. */
    address: string | null;
    units: Generated<number>;
    /** An estimate: a quarter of the bytes. */
    tokens_out: Generated<number>;
    /** Millionths of the currency: while it runs what it costs at most, then what it costs. The drivers give it as a number or as digits. */
    price: Generated<number | string>;
    /** False where its quota was given back, or it never took any. */
    charged: Generated<boolean>;
    /** The quota counters that it took from; its kind is the first word of each. */
    counters: string[] | null;
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
  /** One row for each quota, period and whom it is for. */
  quota_counters: {
    id: string;
    /** Committed and reserved. */
    used: number | string;
    ends_at: Date;
  };
  /** The hash chains of the audit. One writer appends to each. */
  audit_chains: {
    id: string;
    replica: string;
    opened_at: Date;
    /** Until when its writer vouches for it. Another replica closes it after that. */
    lease_until: Date;
    /** How many links it has had, and the hash of the newest; that of a chain without one is made of its id. */
    links: Generated<number>;
    head: string;
    closed_at: Date | null;
    /** The oldest links, which retention has taken away, and the hash of the last of them. */
    dropped_links: Generated<number>;
    dropped_head: string | null;
  };
  /** One link for each transaction. */
  audit_links: {
    chain: string;
    /** From 1. */
    link: number;
    at: Date;
    /** JSON, one entry a line. */
    entries: string;
    /** SHA-256 over the hash before it and all of this row. */
    hash: string;
  };
  /** Calls whose usage event was not delivered yet. */
  usage_outbox: {
    call_id: string;
    due_at: Date;
    attempts: Generated<number>;
  };
  /** Failed writes that may be tried again: one row for each idempotency key, however often it fails. */
  dead_letters: {
    /** The id of the claim that a repetition makes. */
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
    /** Whether a repetition by the caller is known as one: by a key of its own, or of the host's making. */
    keyed: boolean;
    /** What a repetition needs: the principal's rights, the arguments, the idempotency key. */
    sealed: Uint8Array;
  };
}
