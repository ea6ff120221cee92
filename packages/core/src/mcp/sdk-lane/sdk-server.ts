import { Server, type RequestStateCodec } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Host } from '../../host.ts';
import type { AskState } from './ask-state.ts';
import { callTool } from './call-tool.ts';
import type { Exchange } from '../request/exchange.ts';
import { listedTool } from '../listed-tool.ts';
import { cacheHint, capabilities, implementation } from '../server-info.ts';

// All tools fit on one page, so no cursor was ever given out and none can be right.
const listParams = z.looseObject({
  cursor: z.undefined('This server lists all its tools on one page and gives out no cursor. Leave it out.').optional(),
});

/** Who calls, from where, and what came of a call that has been made already. */
export type Caller = Pick<Exchange, 'principal' | 'address' | 'called'>;

/**
 * The SDK's server for one principal and one exchange (or one pipe): `tools/list` and `tools/call` from the host, everything else
 * from the SDK. The SDK keeps what it learns of a client in it, so it must never be shared.
 */
export function createSdkServer(host: Host, caller: Caller, states: RequestStateCodec<AskState>): Server {
  const { principal } = caller;
  const { instructions } = host.info;
  const server = new Server(implementation(host), {
    ...(instructions !== undefined && { instructions }),
    capabilities,
    cacheHints: { 'tools/list': cacheHint, 'server/discover': cacheHint },
    requestState: { verify: (state, context) => states.verify(state, context) },
  });
  server.onerror = (error) => host.log.info({ err: error }, 'MCP exchange failed');
  server.setRequestHandler('tools/list', { params: listParams }, () => ({ tools: host.tools(principal).map(listedTool) }));
  server.setRequestHandler('tools/call', (request, context) => callTool({ host, ...caller, states, server }, request.params, context));
  return server;
}
