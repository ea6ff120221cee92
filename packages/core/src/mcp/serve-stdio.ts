import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import type { Host } from '../host.ts';
import { localPrincipal } from '../principal.ts';
import type { Listener } from '../transport.ts';
import { askStates } from './sdk-lane/ask-state.ts';
import { createSdkServer } from './sdk-lane/sdk-server.ts';
import { DrainingWire } from './draining-wire.ts';
import type { StdioTransportOptions } from './stdio.ts';

/** Serves one client over a pipe, by the SDK. See {@link StdioTransportOptions}. */
export function listenOnStdio(
  host: Host,
  { input, output, principal = localPrincipal, drainMs = 10_000, onClose }: StdioTransportOptions,
): Listener {
  const states = askStates(undefined);
  const wire = new DrainingWire(new StdioServerTransport(input, output), onClose);
  const connection = serveStdio(() => createSdkServer(host, { principal, address: undefined }, states), {
    transport: wire,
    onerror: (error) => host.log.info({ err: error }, 'MCP over stdio failed'),
  });
  host.start();
  let closing: Promise<void> | undefined;
  const close = async () => {
    const left = await wire.drain(host.clock, drainMs);
    if (left > 0) host.log.warn({ requests: left }, 'closed with requests unanswered');
    await connection.close();
  };
  return { url: 'stdio:', close: () => (closing ??= close()) };
}
