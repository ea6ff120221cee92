import type { Transport } from '../transport.ts';
import { loadSdk } from './load-sdk.ts';
import type { StdioTransportOptions } from './serve-stdio.ts';

export type { StdioTransportOptions };

/** Serves MCP over stdin and stdout: revision 2026-07-28 or an older client, whichever speaks first. One client, no limits of rate. */
export function stdioTransport(options: StdioTransportOptions = {}): Transport {
  // The SDK takes long to load, and a program that can serve HTTP too shall not wait for it where it does.
  return { listen: async (host) => (await loadSdk(() => import('./serve-stdio.ts'))).listenOnStdio(host, options) };
}
