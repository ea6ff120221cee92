import type { Host } from './host.ts';

/** What carries MCP to a host: Streamable HTTP, stdio. */
export interface Transport {
  /** Starts the host and serves it. Several transports may serve one host. */
  listen(host: Host): Promise<Listener>;
}

/** A transport that serves. */
export interface Listener {
  /** Where clients connect. `stdio:` for a pipe. */
  readonly url: string;
  /** Takes nothing new, lets what runs end, then stops. May be called twice; the second waits for the first. */
  close(): Promise<void>;
}
