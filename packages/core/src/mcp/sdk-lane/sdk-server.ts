import { Server, type RequestStateCodec } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Host } from '../../host.ts';
import { listedTool } from '../listed-tool.ts';
import type { Exchange } from '../request/exchange.ts';
import { cacheHint, capabilities, implementation } from '../server-info.ts';
import type { AskState } from './ask-state.ts';
import { callTool } from './call-tool.ts';
import { protocolFault } from './protocol-fault.ts';

// All tools fit on one page, so the server never returns a cursor, and no cursor is valid.
const listParams = z.looseObject({
  cursor: z.undefined('This server lists all its tools on one page and returns no cursor. Leave it out.').optional(),
});

/** The caller, its address, and the outcome of a call that has already run. */
export interface Caller extends Pick<Exchange, 'principal' | 'address' | 'outcome'> {
  /** The server's instructions for this caller. Only the first request of a client needs them. */
  readonly instructions?: string | undefined;
}

/**
 * Creates the SDK's server for one principal and one exchange or pipe. The host answers `tools/list` and `tools/call`, and the SDK answers
 * everything else. The SDK keeps a client's state in its server, so never share the server.
 */
export function createSdkServer(host: Host, caller: Caller, states: RequestStateCodec<AskState>): Server {
  const { principal, instructions } = caller;
  const server = new Server(implementation(host), {
    ...(instructions && { instructions }),
    capabilities,
    cacheHints: { 'tools/list': cacheHint, 'server/discover': cacheHint },
    requestState: { verify: (state, context) => states.verify(state, context) },
  });
  server.onerror = (error) => host.log.info(protocolFault(error), 'MCP exchange failed');
  server.setRequestHandler('tools/list', { params: listParams }, () => ({ tools: host.tools(principal).map(listedTool) }));
  server.setRequestHandler('tools/call', (request, context) => callTool({ host, ...caller, states, server }, request.params, context));
  return server;
}
