import type { IncomingMessage, ServerResponse } from 'node:http';
import { ToolError, type ErrorCode } from '../errors.ts';
import type { Host } from '../host.ts';
import { limitAddress, readCredentials, type CallerOptions } from './request/caller.ts';
import type { ClientDisconnect } from './request/client-disconnect.ts';
import { HttpError, ownShareTaken } from './request/http-error.ts';
import { mask } from './request/mask.ts';
import { readBody, type Arrived } from './request/read-body.ts';
import { toHeaders } from './request/web-exchange.ts';
import type { HeavyTurns } from './room/heavy-turns.ts';
import type { Room } from './room/room.ts';

interface WebhookOptions extends CallerOptions {
  /** The room for deliveries. */
  readonly room: Room;
  /** The turns of large deliveries. */
  readonly turns: HeavyTurns;
  /** The largest body, in bytes. */
  readonly maxBytes: number;
}

const statuses: Partial<Record<ErrorCode, number>> = {
  NOT_FOUND: 404,
  FORBIDDEN: 403,
  INVALID_INPUT: 400,
  STATE_FULL: 503,
  UNAVAILABLE: 503,
};

const deliverySteps = { decode: (body: Arrived) => body.join(), parse: (bytes: Buffer) => bytes };

/**
 * Receives one delivery at `POST /hooks/<id>`. Answers 204 only after the delivery is verified and stored, because the vendor discards the
 * delivery when it gets a 204. Answers a vendor that checks the address, with a POST or a GET, with its challenge as plain text. Reads
 * nothing of the body of a delivery to a hook that no connection has. Error responses have no body, so that a forger cannot learn from
 * them.
 */
export async function receiveWebhook(
  host: Host,
  request: IncomingMessage,
  response: ServerResponse,
  disconnect: ClientDisconnect,
  options: WebhookOptions,
): Promise<void> {
  const { url = '' } = request;
  const [path = ''] = url.split('?', 1);
  const hook = /^\/hooks\/([\w-]{1,128})$/.exec(path)?.[1];
  const isCheck = request.method === 'GET';
  let status = 204;
  let challenge: string | undefined;
  try {
    await limitAddress(readCredentials(request, options), response, host.clock, options);
    const found = hook === undefined || !(isCheck || request.method === 'POST') ? undefined : await host.hook(hook);
    if (!found) throw new ToolError('NOT_FOUND', 'No such hook.');
    const guest = options.room.enter({ tenant: found.tenant, id: found.connection });
    if (!guest) throw ownShareTaken;
    disconnect.guest = guest;
    const body = await readBody(request, disconnect, guest, options.maxBytes, (arrived) =>
      options.turns.read(arrived, found.tenant, disconnect, deliverySteps),
    );
    if (!guest.run()) throw ownShareTaken;
    challenge = isCheck
      ? await found.challenge(new URLSearchParams(url.slice(path.length)))
      : await found.receive(toHeaders(request), body);
    if (challenge !== undefined) status = 200;
  } catch (error) {
    if (response.destroyed) return;
    if (error instanceof HttpError) {
      status = error.status;
      if (error.details.reason) host.observer.refused?.({ reason: error.details.reason });
    } else status = (ToolError.is(error) && statuses[error.code]) || 500;
    if (status === 500) mask(host.log, error, 'webhook failed');
  }
  if (status === 503 || status === 429) response.setHeader('retry-after', '30');
  if (!request.complete) response.setHeader('connection', 'close');
  // A browser must not take a challenge for a page.
  if (challenge !== undefined) response.setHeaders(new Headers({ 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' }));
  response.writeHead(status).end(challenge);
}
