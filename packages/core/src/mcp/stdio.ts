import type { Transport } from '../transport.ts';
import { loadSdk } from './load-sdk.ts';
import type { StdioTransportOptions } from './serve-stdio.ts';

export type { StdioTransportOptions };

/**
 * Serves MCP over stdin and stdout to one client, without rate limits. Each message is served in its own revision: 2026-07-28 or an older
 * one.
 */
export function stdioTransport(options: StdioTransportOptions = {}): Transport {
  // The SDK takes long to load, and a program that also serves HTTP should not wait for it.
  return { listen: async (host) => (await loadSdk(() => import('./serve-stdio.ts'))).listenOnStdio(host, options) };
}
