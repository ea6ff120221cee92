import type { JSONRPCMessage, RequestId, Transport } from '@modelcontextprotocol/server';
import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import { PendingCounter } from '../lib/pending-counter.ts';

// More than one client can mean to have open, and few enough to hold.
const mostRunning = 1_000;

/**
 * A connection that can end without losing an answer: from `drain` on it refuses new requests and waits for those that run. Whoever
 * serves the connection sees an ordinary one.
 */
export class DrainingWire implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];
  readonly #wire: Transport;
  readonly #inFlight = new PendingCounter();
  /** The requests that run. At most {@link mostRunning}. */
  readonly #running = new Set<RequestId>();
  #draining = false;

  constructor(wire: Transport, onClose: (() => void) | undefined) {
    this.#wire = wire;
    wire.onerror = (error) => this.onerror?.(error);
    wire.onclose = () => {
      for (const id of this.#running) this.#end(id);
      this.onclose?.();
      onClose?.();
    };
    wire.onmessage = (message, extra) => {
      if ('method' in message && 'id' in message) {
        if (this.#draining)
          return this.#refuse(message.id, 'UNAVAILABLE', 'This server is shutting down. Start it again, then repeat the call.');
        if (this.#running.size >= mostRunning)
          return this.#refuse(message.id, 'OVERLOADED', `More than ${mostRunning} requests run already. Try again when some have ended.`);
        this.#end(message.id);
        this.#running.add(message.id);
        this.#inFlight.begin();
      } else if ('method' in message && message.method === 'notifications/cancelled') {
        // A cancelled request is never answered.
        this.#end(message.params?.['requestId'] as RequestId);
      }
      this.onmessage?.(message, extra);
    };
  }

  start(): Promise<void> {
    return this.#wire.start();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    await this.#wire.send(message);
    if (!('method' in message) && message.id !== undefined) this.#end(message.id);
  }

  close(): Promise<void> {
    return this.#wire.close();
  }

  /** Resolves when every request is answered, or after `ms` with the number of those that are not. */
  drain(clock: Clock, ms: number): Promise<number> {
    this.#draining = true;
    return this.#inFlight.drained(clock, ms);
  }

  #end(id: RequestId): void {
    if (this.#running.delete(id)) this.#inFlight.end();
  }

  #refuse(id: RequestId, code: ErrorCode, message: string): void {
    this.#wire.send({ jsonrpc: '2.0', id, error: { code: 503, message, data: { code } } }).catch(() => {});
  }
}
