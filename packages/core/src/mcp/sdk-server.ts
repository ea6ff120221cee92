import { Server, type RequestStateCodec } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Host } from '../host.ts';
import type { Principal } from '../principal.ts';
import type { AskState } from './ask-state.ts';
import { callTool } from './call-tool.ts';
import { listedTool } from './listed-tool.ts';

// How long a client may keep what it was told about the server. The tools change with a release or with a key's rights.
const cacheTtlMs = 60_000;

// All tools fit on one page, so no cursor was ever given out and none can be right.
const listParams = z.looseObject({
  cursor: z.undefined('This server lists all its tools on one page and gives out no cursor. Leave it out.').optional(),
});

/** Who calls, and from where. */
export interface Caller {
  readonly principal: Principal;
  readonly address: string | undefined;
}

/**
 * The SDK's server for one principal and one exchange (or one pipe): `tools/list` and `tools/call` from the host, everything else
 * from the SDK. The SDK keeps what it learns of a client in it, so it must never be shared.
 */
export function createSdkServer(host: Host, caller: Caller, states: RequestStateCodec<AskState>): Server {
  const { principal } = caller;
  const { name, version, instructions } = host.info;
  const server = new Server(
    { name, version },
    {
      ...(instructions !== undefined && { instructions }),
      // No `listChanged`: what a principal sees changes with a release only.
      capabilities: { tools: {} },
      cacheHints: {
        'tools/list': { ttlMs: cacheTtlMs, cacheScope: 'private' },
        'server/discover': { ttlMs: cacheTtlMs, cacheScope: 'private' },
      },
      requestState: { verify: (state, context) => states.verify(state, context) },
    },
  );
  server.onerror = (error) => host.log.info({ err: error }, 'MCP exchange failed');
  server.setRequestHandler('tools/list', { params: listParams }, () => ({ tools: host.tools(principal).map(listedTool) }));
  server.setRequestHandler('tools/call', (request, context) => callTool({ host, ...caller, states, server }, request.params, context));
  return server;
}
