import type { Readable, Writable } from 'node:stream';
import type { Principal } from '../principal.ts';
import type { Transport } from '../transport.ts';

/** How to serve MCP to the process that started this one. */
export interface StdioTransportOptions {
  /** Default: the process's own. Nothing but the protocol may be written to `output`, so log elsewhere. */
  readonly input?: Readable;
  readonly output?: Writable;
  /** Who calls. Nobody authenticates over a pipe. Default: the local principal. */
  readonly principal?: Principal;
  /** How long `close` lets running requests go on, in milliseconds. Default 10,000. */
  readonly drainMs?: number;
  /** Called once when nothing is served any more: the client has gone, or `close` has been called. */
  readonly onClose?: () => void;
}

/** Serves MCP over stdin and stdout: revision 2026-07-28 or an older client, whichever speaks first. One client, no limits of rate. */
export function stdioTransport(options: StdioTransportOptions = {}): Transport {
  // The SDK takes long to load, and a program that can serve HTTP too shall not wait for it where it does.
  return { listen: async (host) => (await import('./serve-stdio.ts')).listenOnStdio(host, options) };
}
