import type { IncomingMessage, ServerResponse } from 'node:http';
import { createMcpHandler, isJsonContentType } from '@modelcontextprotocol/server';
import type { Host } from '../host.ts';
import type { Principal } from '../principal.ts';
import { askStates } from './ask-state.ts';
import { credentials, type CallerOptions } from './caller.ts';
import { paramHeaderFault } from './param-headers.ts';
import { showRateLimit } from './rate-limit-headers.ts';
import { readBody } from './read-body.ts';
import { Refusal } from './refusal.ts';
import { answerPreflight, requestGuard, type GuardOptions } from './request-guard.ts';
import { createSdkServer, type Caller } from './sdk-server.ts';
import { toWebRequest, writeWebResponse } from './web-exchange.ts';

interface EndpointOptions extends GuardOptions, CallerOptions {
  readonly maxBodyBytes: number;
  readonly secret?: string;
}

/** The path of one MCP request over HTTP, from the socket to the SDK, in the order in which it is checked. */
export function mcpEndpoint(host: Host, options: EndpointOptions) {
  const guard = requestGuard(options);
  const states = askStates(options.secret);
  const mcp = createMcpHandler(
    ({ authInfo }) => {
      return createSdkServer(host, authInfo?.extra as unknown as Caller, states);
    },
    {
      onerror: (error) => host.log.info({ err: error }, 'MCP request refused by the protocol'),
    },
  );

  return {
    /** Throws a {@link Refusal}, or a ToolError of `authenticate`. */
    async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
      guard(request, response);
      if (request.method === 'OPTIONS') return answerPreflight(request, response);
      if (request.method !== 'POST')
        throw new Refusal(405, 'INVALID_INPUT', 'This endpoint takes POST alone: it keeps no sessions.', { headers: { allow: 'POST' } });
      const given = await credentials(request, response, host.clock, options);
      const principal = await host.authenticate(given);
      const decision = await host.limit(principal);
      if (decision) showRateLimit(decision, host.clock.now(), response);
      if (!isJsonContentType(request.headers['content-type']))
        throw new Refusal(415, 'INVALID_INPUT', 'Send the message as Content-Type: application/json.');
      const message = parse(await readBody(request, options.maxBodyBytes));
      checkParams(host, principal, message, request);
      const authInfo = { token: '', clientId: principal.id, scopes: [], extra: { principal, address: given.address } };
      await writeWebResponse(await mcp.fetch(toWebRequest(request, response), { authInfo, parsedBody: message }), response);
    },
    /** Breaks off what still runs. */
    close: () => mcp.close(),
  };
}

function parse(body: Buffer): unknown {
  let message: unknown;
  try {
    message = JSON.parse(body.toString('utf8'));
  } catch {
    throw new Refusal(400, 'INVALID_INPUT', 'Parse error: the body is not JSON.', { rpcCode: -32700 });
  }
  // Only revision 2025-03-26 had batches. A hundred calls would pass the rate limit as one.
  if (!Array.isArray(message)) return message;
  throw new Refusal(400, 'INVALID_INPUT', 'Invalid request: batches are not served. Send each message in a request of its own.', {
    rpcCode: -32600,
  });
}

/** What is odd about the message otherwise is the SDK's to say. */
function checkParams(host: Host, principal: Principal, message: unknown, { headers }: IncomingMessage): void {
  // Earlier revisions have no such headers.
  if (headers['mcp-protocol-version'] !== '2026-07-28') return;
  const { id, method, params } = (message ?? {}) as { id?: unknown; method?: unknown; params?: { name?: unknown; arguments?: unknown } };
  if (method !== 'tools/call') return;
  const entry = host.tools(principal).find(({ name }) => name === params?.name);
  const fault = entry && paramHeaderFault(entry, params?.arguments, headers);
  // The code that the protocol has for headers that are unlike the body.
  if (fault) throw new Refusal(400, 'INVALID_INPUT', `The request's headers and body disagree: ${fault}.`, { rpcCode: -32020, id });
}
