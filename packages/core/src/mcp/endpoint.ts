import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Host } from '../host.ts';
import type { Principal } from '../principal.ts';
import { createFastLane } from './fast-lane/fast-lane.ts';
import { loadSdk } from './load-sdk.ts';
import { answerTypes } from './request/answer-types.ts';
import { limitAddress, readCredentials, type CallerOptions } from './request/caller.ts';
import { checkMessage } from './request/check-message.ts';
import type { ClientDisconnect } from './request/client-disconnect.ts';
import type { Exchange } from './request/exchange.ts';
import { HttpError, overloaded, ownShareTaken, refuse } from './request/http-error.ts';
import { messageId } from './request/message-id.ts';
import { findParamHeaderFault } from './request/param-headers.ts';
import { rateLimitHeaders } from './request/rate-limit-headers.ts';
import { decodeMessage, parseMessage } from './request/parse-message.ts';
import { readBody, type Arrived } from './request/read-body.ts';
import { readParams } from './request/read-params.ts';
import { refuseOverLimit } from './request/refuse-over-limit.ts';
import { answerPreflight, createRequestGuard, type GuardOptions } from './request/request-guard.ts';
import { setHeaders } from './request/response-headers.ts';
import type { HeavyTurns } from './room/heavy-turns.ts';
import type { Room } from './room/room.ts';
import type { SdkLane } from './sdk-lane/sdk-lane.ts';

interface EndpointOptions extends GuardOptions, CallerOptions {
  readonly maxBodyBytes: number;
  /** The room for MCP requests. */
  readonly room: Room;
  /** The turns of large bodies. */
  readonly turns: HeavyTurns;
  readonly secret?: string | undefined;
  /** The lanes to use, for tests that compare them. Default: both. */
  readonly lanes?: 'both' | 'sdk';
}

/** Creates the MCP endpoint. `serve` runs all checks on a request in order, then passes it to its lane. */
export function createEndpoint(host: Host, options: EndpointOptions) {
  const guard = createRequestGuard(options);
  // The SDK takes long to load, and most servers can answer most clients without it.
  let loaded: Promise<SdkLane> | undefined;
  const load = () =>
    (loaded ??= loadSdk(() => import('./sdk-lane/sdk-lane.ts')).then(({ createSdkLane }) => createSdkLane(host, options.secret)));
  const sdkLane = async (exchange: Exchange) => {
    checkMessage(exchange.message);
    await (await load()).serve(exchange);
  };
  const lane = options.lanes === 'sdk' ? sdkLane : createFastLane(host, sdkLane);

  return {
    /** @throws {HttpError}, or the ToolError that `authenticate` throws. */
    async serve(request: IncomingMessage, response: ServerResponse, disconnect: ClientDisconnect): Promise<void> {
      guard(request, response);
      const credentials = readCredentials(request, options);
      const counted = limitAddress(credentials, response, host.clock, options);
      if (counted instanceof Promise) await counted;
      if (request.method === 'OPTIONS') return answerPreflight(request, response);
      const principal = await host.authenticate(credentials);
      // After the key, because a client that begins with GET should read why its key is refused.
      if (request.method !== 'POST') throw methodNotAllowed();
      const limited = host.limit(principal);
      const decision = limited instanceof Promise ? await limited : limited;
      if (decision && !decision.allowed)
        return await refuseOverLimit({ host, room: options.room, request, response, disconnect, principal, decision });
      const headers = decision && rateLimitHeaders(decision, host.clock.now());
      let message: unknown;
      try {
        const contentType = request.headers['content-type'] ?? '';
        if (!isPlainJson(contentType) && !(await isJson(contentType)))
          throw new HttpError(415, 'INVALID_INPUT', 'Send the message as Content-Type: application/json, in UTF-8.');
        const encoding = request.headers['content-encoding'];
        if (encoding !== undefined && encoding.toLowerCase() !== 'identity') throw encoded();
        const types = answerTypes(request.headers.accept);
        if (types === 'neither') throw notAcceptable();
        const guest = options.room.enter(principal);
        if (!guest) throw ownShareTaken;
        disconnect.guest = guest;
        const received = request.socket.bytesRead;
        message = await readBody(request, disconnect, guest, options.maxBodyBytes, (body) =>
          options.turns.read(body, principal.tenant, disconnect, messageSteps),
        );
        // Its key may have been revoked while the body arrived. Most bodies arrive together with their headers.
        if (request.socket.bytesRead > received) await host.authenticate(credentials);
        if (types === 'json' && isSubscription(message)) throw notAcceptable();
        if (!(isSubscription(message) ? guest.listen() : guest.run())) throw options.room.isFull ? overloaded : ownShareTaken;
        checkParamHeaders(host, principal, message, request);
        await lane({ request, response, headers, disconnect, message, principal, address: credentials.address });
      } catch (error) {
        if (!response.headersSent) setHeaders(response, headers);
        refuse(host, error, response, messageId(message));
      }
    },
    /** Aborts the requests that are still running. */
    close: async () => await (await loaded)?.close(),
  };
}

/** Recognizes the content types that nearly all clients send. The SDK parses the others. */
const isPlainJson = (contentType: string) => contentType === 'application/json' || plainJson.test(contentType);
const plainJson = /^application\/json(; ?charset=utf-8)?$/i;

async function isJson(contentType: string): Promise<boolean> {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1];
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) return false;
  return (await loadSdk(() => import('@modelcontextprotocol/server'))).isJsonContentType(contentType);
}

const methodNotAllowed = () =>
  new HttpError(405, 'INVALID_INPUT', 'This endpoint accepts only POST, because it keeps no sessions.', { headers: { allow: 'POST' } });

// RFC 9110, 15.5.16: Accept-Encoding tells an unsupported coding from an unsupported type.
const encoded = () =>
  new HttpError(415, 'INVALID_INPUT', 'Send the message as it is, without Content-Encoding: this server does not decompress.', {
    headers: { 'accept-encoding': 'identity' },
  });

const notAcceptable = () => new HttpError(406, 'INVALID_INPUT', 'Send Accept: application/json, text/event-stream.');

// Each body is decoded before the next is put together. Kept for the life of the process, so it is no larger than most bodies may be.
const maxScratchBytes = 1024 * 1024;
let scratch = Buffer.alloc(0);

function takeScratch(size: number): Buffer {
  if (size > maxScratchBytes) return Buffer.allocUnsafe(size);
  if (scratch.length < size) scratch = Buffer.allocUnsafe(size);
  return scratch;
}

const messageSteps = {
  decode: (body: Arrived) => decodeMessage(body.join(takeScratch)),
  parse: (text: string) => {
    const message = parseMessage(text);
    readParams(message);
    return message;
  },
};

const isSubscription = (message: unknown): boolean => (message as { method?: unknown } | null)?.method === 'subscriptions/listen';

/** Compares the message's headers with its arguments. The SDK checks everything else about the message. */
function checkParamHeaders(host: Host, principal: Principal, message: unknown, { headers }: IncomingMessage): void {
  // Earlier revisions have no such headers.
  if (headers['mcp-protocol-version'] !== '2026-07-28') return;
  const { method, params } = (message ?? {}) as { method?: unknown; params?: { name?: unknown; arguments?: unknown } };
  if (method !== 'tools/call') return;
  const entry = typeof params?.name === 'string' ? host.tool(principal, params.name) : undefined;
  const fault = entry && findParamHeaderFault(entry, params?.arguments, headers);
  // The protocol's code for headers that differ from the body.
  if (fault) throw new HttpError(400, 'INVALID_INPUT', `The request's headers and body disagree: ${fault}.`, { rpcCode: -32020 });
}
