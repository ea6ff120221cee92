import { createMcpHandler } from '@modelcontextprotocol/server';
import type { Host } from '../../host.ts';
import type { Principal } from '../../principal.ts';
import { answerTypes } from '../request/answer-types.ts';
import type { Exchange, Lane } from '../request/exchange.ts';
import { setHeaders } from '../request/response-headers.ts';
import { toWebRequest, writeWebResponse } from '../request/web-exchange.ts';
import { createAskStateCodec } from './ask-state.ts';
import { checkInitialize } from './check-initialize.ts';
import { createSdkServer, type Caller } from './sdk-server.ts';
import { protocolFault } from './protocol-fault.ts';

// The requests whose answers hold the server's instructions.
const greetings: ReadonlySet<unknown> = new Set(['initialize', 'server/discover']);
// The SDK has checked a notification that it accepts.
const accepted = 202;

/** A lane that can be closed. */
export interface SdkLane {
  readonly serve: Lane;
  /** Aborts the requests that are still running. */
  close(): Promise<void>;
}

/**
 * Creates the lane that serves the whole protocol through the official SDK, the authority on what is valid. The SDK builds a server for
 * each request. Building it costs several times as much as a plain call.
 *
 * @param secret See {@link createAskStateCodec}.
 */
export function createSdkLane(host: Host, secret: string | undefined): SdkLane {
  const states = createAskStateCodec(secret);
  const mcp = createMcpHandler(({ authInfo }) => createSdkServer(host, authInfo?.extra as unknown as Caller, states), {
    onerror: (error) => host.log.info(protocolFault(error), 'MCP request refused by the protocol'),
  });
  return {
    serve: async ({ request, response, headers, disconnect, message, principal, address, outcome }: Exchange) => {
      if (!response.headersSent) setHeaders(response, headers);
      // Revision 2026-07-28 has no such method, and the SDK says so.
      if (request.headers['mcp-protocol-version'] !== '2026-07-28') checkInitialize(message);
      const instructions = greetings.has(methodOf(message)) ? await host.instructions(principal) : undefined;
      const caller: Caller = { principal, address, outcome, instructions };
      const authInfo = { token: '', clientId: principal.id, scopes: [], extra: { ...caller } };
      const answer = await mcp.fetch(toWebRequest(request, disconnect), { authInfo, parsedBody: message });
      if (answer.status === accepted) passCancellation(host, principal, message);
      await writeWebResponse(answer, response, answerTypes(request.headers.accept));
    },
    close: () => mcp.close(),
  };
}

/**
 * Passes on the cancellation of an older client, which arrives in a request of its own. The SDK looks for the call only in that request.
 */
function passCancellation(host: Host, principal: Principal, message: unknown): void {
  if (methodOf(message) !== 'notifications/cancelled') return;
  const id = (message as { params?: { requestId?: unknown } }).params?.requestId;
  if (typeof id === 'string' || typeof id === 'number') host.cancel(principal, id);
}

const methodOf = (message: unknown): unknown => (message as { method?: unknown } | null)?.method;
