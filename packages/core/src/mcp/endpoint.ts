import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Host } from '../host.ts';
import type { Principal } from '../principal.ts';
import { credentials, limitAddress, type CallerOptions } from './request/caller.ts';
import type { ClientDisconnect } from './request/client-disconnect.ts';
import type { Exchange } from './request/exchange.ts';
import { createFastLane } from './fast-lane/fast-lane.ts';
import { loadSdk } from './load-sdk.ts';
import { paramHeaderFault } from './request/param-headers.ts';
import { rateLimitHeaders, refuseByRateLimit } from './request/rate-limit-headers.ts';
import { readBody } from './request/read-body.ts';
import { HttpError } from './request/http-error.ts';
import { answerPreflight, requestGuard, type GuardOptions } from './request/request-guard.ts';
import { setHeaders } from './request/response-headers.ts';
import type { SdkLane } from './sdk-lane/sdk-lane.ts';

interface EndpointOptions extends GuardOptions, CallerOptions {
  readonly maxBodyBytes: number;
  readonly secret?: string;
  /** For tests that hold both lanes against each other. */
  readonly lanes?: 'both' | 'sdk';
}

/** The path of one MCP request over HTTP, from the socket to its lane, in the order in which it is checked. */
export function mcpEndpoint(host: Host, options: EndpointOptions) {
  const guard = requestGuard(options);
  // The SDK takes long to load, and most servers answer most clients without it.
  let loaded: Promise<SdkLane> | undefined;
  const load = () =>
    (loaded ??= loadSdk(() => import('./sdk-lane/sdk-lane.ts')).then(({ createSdkLane }) => createSdkLane(host, options.secret)));
  const sdk = async (exchange: Exchange) => await (await load()).serve(exchange);
  const lane = options.lanes === 'sdk' ? sdk : createFastLane(host, sdk);

  return {
    /** Throws a {@link HttpError}, or a ToolError of `authenticate`. */
    async serve(request: IncomingMessage, response: ServerResponse, departure: ClientDisconnect): Promise<void> {
      guard(request, response);
      if (request.method === 'OPTIONS') return answerPreflight(request, response);
      if (request.method !== 'POST')
        throw new HttpError(405, 'INVALID_INPUT', 'This endpoint takes POST alone: it keeps no sessions.', { headers: { allow: 'POST' } });
      const given = credentials(request, options);
      const counted = limitAddress(given, response, host.clock, options);
      if (counted instanceof Promise) await counted;
      const principal = await host.authenticate(given);
      const limited = host.limit(principal);
      const decision = limited instanceof Promise ? await limited : limited;
      if (decision && !decision.allowed) refuseByRateLimit(decision, host.clock.now(), response);
      const headers = decision && rateLimitHeaders(decision, host.clock.now());
      try {
        const type = request.headers['content-type'] ?? '';
        if (type !== 'application/json' && !plainJson.test(type) && !(await isJson(type)))
          throw new HttpError(415, 'INVALID_INPUT', 'Send the message as Content-Type: application/json.');
        const message = await readBody(request, departure, options.maxBodyBytes, parse);
        checkParams(host, principal, message, request);
        await lane({ request, response, headers, departure, message, principal, address: given.address });
      } catch (error) {
        if (!response.headersSent) setHeaders(response, headers);
        throw error;
      }
    },
    /** Breaks off what still runs. */
    close: async () => await (await loaded)?.close(),
  };
}

/** As nearly every client writes it. Other ways are for the SDK to read. */
const plainJson = /^application\/json(; ?charset=utf-8)?$/i;

const isJson = async (contentType: string) => (await loadSdk(() => import('@modelcontextprotocol/server'))).isJsonContentType(contentType);

function parse(body: Buffer): unknown {
  let message: unknown;
  try {
    message = JSON.parse(body.toString('utf8'));
  } catch {
    throw new HttpError(400, 'INVALID_INPUT', 'Parse error: the body is not JSON.', { rpcCode: -32700 });
  }
  // Only revision 2025-03-26 had batches. A hundred calls would pass the rate limit as one.
  if (!Array.isArray(message)) return message;
  throw new HttpError(400, 'INVALID_INPUT', 'Invalid request: batches are not served. Send each message in a request of its own.', {
    rpcCode: -32600,
  });
}

/** What is odd about the message otherwise is the SDK's to say. */
function checkParams(host: Host, principal: Principal, message: unknown, { headers }: IncomingMessage): void {
  // Earlier revisions have no such headers.
  if (headers['mcp-protocol-version'] !== '2026-07-28') return;
  const { id, method, params } = (message ?? {}) as { id?: unknown; method?: unknown; params?: { name?: unknown; arguments?: unknown } };
  if (method !== 'tools/call') return;
  const entry = typeof params?.name === 'string' ? host.tool(principal, params.name) : undefined;
  const fault = entry && paramHeaderFault(entry, params?.arguments, headers);
  // The code that the protocol has for headers that are unlike the body.
  if (fault) throw new HttpError(400, 'INVALID_INPUT', `The request's headers and body disagree: ${fault}.`, { rpcCode: -32020, id });
}
