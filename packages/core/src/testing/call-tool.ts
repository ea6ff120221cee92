import type { Connector } from '../connector/connector.ts';
import type { Answer } from '../content.ts';
import { createHost } from '../create-host.ts';
import type { HostSettings, RemappedOrigins } from '../host.ts';
import { memoryConnections } from '../memory/connections.ts';
import { localPrincipal } from '../principal.ts';

/** Options for {@link callTool}: the options of its host, and the options of the call. */
export interface CallToolOptions extends HostSettings, RemappedOrigins {
  readonly signal?: AbortSignal | undefined;
  readonly idempotencyKey?: string | undefined;
}

/**
 * Runs one tool of a connector through a host of its own. The call is validated, metered and bounded like a client's call. Use it for a
 * plugin's first test.
 *
 * @param config The connection's settings. Default: none.
 */
export async function callTool(
  connector: Connector,
  tool: string,
  args: unknown,
  config: object = {},
  options: CallToolOptions = {},
): Promise<Answer> {
  const { signal = new AbortController().signal, idempotencyKey, ...hostOptions } = options;
  const host = createHost({
    ...hostOptions,
    connectors: [connector],
    connections: memoryConnections([{ connector: connector.id, config }]),
  });
  try {
    const result = await host.call({ principal: localPrincipal, tool, arguments: args, signal, idempotencyKey });
    if (result.kind === 'ask') throw new Error(`${tool} asks: ${result.message}`);
    return result.answer;
  } finally {
    await host.close();
  }
}
