import type { CallResult, Host } from '../../host.ts';
import type { Principal } from '../../principal.ts';
import type { Exchange, Lane } from '../request/exchange.ts';
import { keepAlive } from './keep-alive.ts';
import { plainRequest, type PlainCall, type PlainRequest } from './plain-request.ts';
import { prebuiltResponses } from './prebuilt-responses.ts';
import { writePrebuilt, writeResult } from './write-response.ts';
import { WriteBatches } from './write-batch.ts';

/**
 * Answers plain requests from what is ready, as the SDK would answer them, byte for byte, at a fraction of its cost. Everything unusual goes
 * to the SDK; an unusual outcome of a call too, with the outcome, so that the call is not made twice.
 */
export function createFastLane(host: Host, sdk: Lane): Lane {
  const ready = prebuiltResponses(host);
  const batches = new WriteBatches(host.clock);

  return (exchange) => {
    const plain = plainRequest(exchange.message, exchange.request.headers);
    if (!plain) return sdk(exchange);
    return plain.method === 'tools/call' ? call(exchange, plain) : answer(exchange, plain);
  };

  async function answer({ response, headers, principal }: Exchange, plain: Exclude<PlainRequest, PlainCall>): Promise<void> {
    const batch = batches.join();
    const bytes = readyFor(plain, principal);
    await batch?.turn();
    if (!response.destroyed) writePrebuilt(response, headers, bytes, plain);
  }

  function readyFor(plain: Exclude<PlainRequest, PlainCall>, principal: Principal): Buffer {
    switch (plain.method) {
      case 'tools/list':
        return ready.list(host.tools(principal), plain.modern);
      case 'server/discover':
        return ready.discovery();
      case 'initialize':
        return ready.initialize(plain.protocolVersion);
      case 'ping':
        return ready.pong();
    }
  }

  async function call(exchange: Exchange, plain: PlainCall): Promise<void> {
    const { response, headers, departure, principal, address } = exchange;
    const batch = batches.join();
    const called = host.call({
      principal,
      address,
      tool: plain.name,
      arguments: plain.arguments,
      signal: departure,
      idempotencyKey: plain.idempotencyKey,
      traceparent: plain.traceparent,
      // Older clients keep no session here, so nobody can ask them anything.
      answers: plain.modern ? {} : undefined,
    });
    const stopKeepingAlive = plain.modern ? undefined : keepAlive(response, headers, host.clock);
    let result: CallResult | undefined;
    try {
      result = await called;
    } catch {
      // An error of the protocol. What it looks like is the SDK's affair, which hears of it by `called`.
    }
    stopKeepingAlive?.();
    const turn = batch?.turn();
    if (turn) await turn;
    // Whoever went away hears nothing.
    if (response.destroyed) return;
    const shown = result?.kind === 'answer' ? ready.call(result.answer, plain.modern) : undefined;
    if (!shown) return await sdk({ ...exchange, called });
    writeResult(response, headers, shown, plain);
  }
}
