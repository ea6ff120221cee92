import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Host } from '../../host.ts';
import { isObject } from '../../lib/json-object.ts';
import type { Principal } from '../../principal.ts';
import type { RateLimitDecision } from '../../ports/rate-limit.ts';
import type { Room } from '../room/room.ts';
import { answerTypes } from './answer-types.ts';
import type { ClientDisconnect } from './client-disconnect.ts';
import { refuse, type HttpError } from './http-error.ts';
import { messageId } from './message-id.ts';
import { refusedByRateLimit } from './rate-limit-headers.ts';
import { readBody, type Arrived } from './read-body.ts';

// Most calls are smaller. A key over its limit must not make the server parse more.
const maxBytes = 4 * 1024;

interface Refused {
  readonly host: Host;
  readonly room: Room;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly disconnect: ClientDisconnect;
  readonly principal: Principal;
  readonly decision: RateLimitDecision;
}

/**
 * Refuses a request of a key or tenant that is over its rate limit. A `tools/call` gets a tool's result, because a model reads that, while
 * clients throw away the answer of any other status than 200. Other requests get 429, with their own id if their body is small.
 */
export async function refuseOverLimit({ host, room, request, response, disconnect, principal, decision }: Refused): Promise<void> {
  const error = refusedByRateLimit(decision, host.clock.now(), response);
  const isSmall = Number(request.headers['content-length']) <= maxBytes;
  const guest = isSmall ? (disconnect.guest = room.enter(principal)) : undefined;
  const message = guest && (await readBody(request, disconnect, guest, maxBytes, parse).catch(() => undefined));
  const id = messageId(message);
  if (!isObject(message) || message['method'] !== 'tools/call' || id === undefined) return refuse(host, error, response, id);
  if (response.destroyed) return;
  host.observer.refused?.({ reason: 'rate-limit' });
  const { params } = message;
  const meta = isObject(params) ? params['_meta'] : undefined;
  const isModern = isObject(meta) && Object.hasOwn(meta, 'io.modelcontextprotocol/protocolVersion');
  const json = JSON.stringify({ jsonrpc: '2.0', id, result: resultOf(error, decision, isModern) });
  const isStream = answerTypes(request.headers.accept) === 'stream';
  response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json');
  response.setHeader('retry-after', error.details.headers?.['retry-after'] ?? '1');
  response.writeHead(200).end(isStream ? `event: message\ndata: ${json}\n\n` : json);
}

/** The error as a tool's result. It has no call's id, because no call began. */
function resultOf({ code, message }: HttpError, { resetMs }: RateLimitDecision, isModern: boolean): object {
  return {
    content: [{ type: 'text', text: `${code}: ${message}` }],
    isError: true,
    _meta: { 'busbar/error': { code, retryAfterMs: Math.ceil(resetMs) } },
    ...(isModern && { resultType: 'complete' }),
  };
}

const parse = (body: Arrived): unknown => JSON.parse(body.join().toString('utf8'));
