import type { Host } from './host.ts';

/** Carries MCP to a host, over Streamable HTTP or stdio. */
export interface Transport {
  /** Starts the host and serves it. One host may have several transports. */
  listen(host: Host): Promise<Listener>;
}

/** A running transport. */
export interface Listener {
  /** The URL that clients connect to; `stdio:` for a pipe. */
  readonly url: string;
  /** Refuses new requests, lets running requests finish, then stops. Repeated calls wait for the first call. */
  close(): Promise<void>;
}
