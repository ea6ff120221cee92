import type { CallResult, Host } from '../../host.ts';
import type { MaybePromise } from '../../lib/maybe-promise.ts';
import type { Principal } from '../../principal.ts';
import type { Exchange, Lane } from '../request/exchange.ts';
import { keepAlive } from './keep-alive.ts';
import { plainRequest, type PlainCall, type PlainRequest } from './plain-request.ts';
import { PrebuiltResponses } from './prebuilt-responses.ts';
import { WriteBatches } from './write-batch.ts';
import { writePrebuilt, writeResult } from './write-response.ts';

/**
 * Creates the lane that answers plain requests with the same bytes as the SDK would, from prebuilt parts and at a fraction of the cost. All
 * other requests go to the SDK. A call with an unusual outcome also goes to the SDK, together with its outcome, so that it does not run
 * twice.
 */
export function createFastLane(host: Host, sdkLane: Lane): Lane {
  const prebuilt = new PrebuiltResponses(host);
  const batches = new WriteBatches(host.clock);

  return (exchange) => {
    const plain = plainRequest(exchange.message, exchange.request.headers);
    if (!plain) return sdkLane(exchange);
    return plain.method === 'tools/call' ? serveCall(exchange, plain) : servePrebuilt(exchange, plain);
  };

  async function servePrebuilt({ response, headers, principal }: Exchange, plain: Exclude<PlainRequest, PlainCall>): Promise<void> {
    const batch = batches.join();
    const built = prebuiltBytes(plain, principal);
    const bytes = built instanceof Promise ? await built : built;
    await batch?.turn();
    if (!response.destroyed) writePrebuilt(response, headers, bytes, plain);
  }

  function prebuiltBytes(plain: Exclude<PlainRequest, PlainCall>, principal: Principal): MaybePromise<Buffer> {
    switch (plain.method) {
      case 'tools/list':
        return prebuilt.list(host.tools(principal), plain.modern);
      case 'server/discover':
        return host.instructions(principal).then((instructions) => prebuilt.discovery(instructions));
      case 'initialize':
        return host.instructions(principal).then((instructions) => prebuilt.initialize(plain.protocolVersion, instructions));
      case 'ping':
        return prebuilt.pong();
    }
  }

  async function serveCall(exchange: Exchange, plain: PlainCall): Promise<void> {
    const { response, headers, disconnect, principal, address } = exchange;
    const batch = batches.join();
    const outcome = host.call({
      principal,
      address,
      tool: plain.name,
      arguments: plain.arguments,
      requestId: plain.id,
      signal: disconnect,
      idempotencyKey: plain.idempotencyKey,
      traceparent: plain.traceparent,
      // Older clients have no session here, so the server cannot ask them anything.
      answers: plain.modern ? {} : undefined,
    });
    const stopKeepingAlive = plain.modern ? undefined : keepAlive(response, headers, host.clock);
    let result: CallResult | undefined;
    try {
      result = await outcome;
    } catch {
      // A protocol error. The SDK receives it in `outcome` and writes it.
    }
    stopKeepingAlive?.();
    const turn = batch?.turn();
    if (turn) await turn;
    // The client has disconnected.
    if (response.destroyed) return;
    const json = result?.kind === 'answer' ? prebuilt.callResult(result.answer, plain.modern) : undefined;
    if (!json) return await sdkLane({ ...exchange, outcome });
    writeResult(response, headers, json, plain);
  }
}
