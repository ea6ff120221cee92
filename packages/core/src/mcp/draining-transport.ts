import type { JSONRPCMessage, RequestId, Transport } from '@modelcontextprotocol/server';
import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import { PendingCounter } from '../lib/pending-counter.ts';

// More requests than a client needs to run at once, and few enough to hold in memory.
const maxRunning = 1_000;

/**
 * Wraps an SDK transport so that its connection can end without losing an answer. After `drain` is called, it refuses new requests and
 * waits for the running ones. The server sees an ordinary transport.
 */
export class DrainingTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];
  readonly #inner: Transport;
  readonly #pending = new PendingCounter();
  /** The ids of running requests, at most {@link maxRunning}. */
  readonly #running = new Set<RequestId>();
  #draining = false;

  constructor(inner: Transport, onClose: () => void) {
    this.#inner = inner;
    inner.onerror = (error) => this.onerror?.(error);
    inner.onclose = () => {
      for (const id of this.#running) this.#end(id);
      this.onclose?.();
      onClose();
    };
    inner.onmessage = (message, extra) => {
      if ('method' in message && 'id' in message) {
        if (this.#draining)
          return this.#refuse(message.id, 'UNAVAILABLE', 'This server is shutting down. Start it again, then repeat the call.');
        if (this.#running.size >= maxRunning)
          return this.#refuse(message.id, 'OVERLOADED', `${maxRunning} requests are already running. Try again when some have ended.`);
        this.#begin(message.id);
      } else if ('method' in message && message.method === 'notifications/cancelled') {
        // A cancelled request is never answered.
        this.#end(message.params?.['requestId'] as RequestId);
      }
      this.onmessage?.(message, extra);
    };
  }

  start(): Promise<void> {
    return this.#inner.start();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    await this.#inner.send(message);
    if (!('method' in message) && message.id !== undefined) this.#end(message.id);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** Resolves once every request is answered, or after `ms` milliseconds. The result is the number of unanswered requests. */
  drain(clock: Clock, ms: number): Promise<number> {
    this.#draining = true;
    return this.#pending.drained(clock, ms);
  }

  #begin(id: RequestId): void {
    // A client may reuse an id.
    this.#end(id);
    this.#running.add(id);
    this.#pending.begin();
  }

  #end(id: RequestId): void {
    if (this.#running.delete(id)) this.#pending.end();
  }

  #refuse(id: RequestId, code: ErrorCode, message: string): void {
    this.#inner.send({ jsonrpc: '2.0', id, error: { code: 503, message, data: { code } } }).catch(() => {});
  }
}
