import { createMcpHandler } from '@modelcontextprotocol/server';
import type { Host } from '../../host.ts';
import { askStates } from './ask-state.ts';
import type { Exchange, Lane } from '../request/exchange.ts';
import { setHeaders } from '../request/response-headers.ts';
import { createSdkServer, type Caller } from './sdk-server.ts';
import { toWebRequest, writeWebResponse } from '../request/web-exchange.ts';

/** A lane that can be closed. */
export interface SdkLane {
  readonly serve: Lane;
  /** Breaks off what still runs. */
  close(): Promise<void>;
}

/**
 * Serves whatever the protocol knows by the official SDK, which is the judge of what is right. It builds a server for each request, which
 * costs several times what a plain call costs.
 *
 * @param secret See {@link askStates}.
 */
export function createSdkLane(host: Host, secret: string | undefined): SdkLane {
  const states = askStates(secret);
  const mcp = createMcpHandler(({ authInfo }) => createSdkServer(host, authInfo?.extra as unknown as Caller, states), {
    onerror: (error) => host.log.info({ err: error }, 'MCP request refused by the protocol'),
  });
  return {
    serve: async ({ request, response, headers, departure, message, principal, address, called }: Exchange) => {
      if (!response.headersSent) setHeaders(response, headers);
      const caller: Caller = { principal, address, called };
      const authInfo = { token: '', clientId: principal.id, scopes: [], extra: { ...caller } };
      await writeWebResponse(await mcp.fetch(toWebRequest(request, departure), { authInfo, parsedBody: message }), response);
    },
    close: () => mcp.close(),
  };
}
