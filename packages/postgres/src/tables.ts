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
  usage: {
    call_id: string;
    tenant: string;
    /** The id of the key or user that called. */
    principal: string;
    connector: string;
    connection: string;
    tool: string;
    effect: string;
    /** How the call ended: an `Outcome`'s status, or `replayed`. */
    status: string;
    wrote: string;
    upstream_requests: number;
    duration_ms: number;
    started_at: Date;
  };
}
