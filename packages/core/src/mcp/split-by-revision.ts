import type { JSONRPCMessage, RequestId, Transport } from '@modelcontextprotocol/server';
import { isObject } from '../lib/json-object.ts';

/**
 * Splits a pipe into two transports: for messages of revision 2026-07-28, each of which names its revision, and for those of older clients.
 * The SDK serves a pipe in the kind of revision that comes first, but some clients send messages of both kinds. A cancellation reaches the
 * part that has the request.
 */
export function splitByRevision(pipe: Transport): readonly [modern: Transport, older: Transport] {
  let started: Promise<void> | undefined;
  const start = () => (started ??= pipe.start());
  const parts = [new PartOfPipe(pipe, start), new PartOfPipe(pipe, start)] as const;
  const [modern, older] = parts;
  pipe.onmessage = (message) => {
    const cancelled = cancelledId(message);
    if (cancelled === undefined) (namesRevision(message) ? modern : older).receive(message);
    else parts.find((part) => part.running.delete(cancelled))?.receive(message);
  };
  pipe.onerror = (error) => older.onerror?.(error);
  pipe.onclose = () => {
    for (const part of parts) part.onclose?.();
  };
  return parts;
}

class PartOfPipe implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];
  /** The ids of requests without an answer. The pipe limits how many it passes on. */
  readonly running = new Set<RequestId>();
  readonly start: () => Promise<void>;
  readonly #pipe: Transport;

  constructor(pipe: Transport, start: () => Promise<void>) {
    this.#pipe = pipe;
    this.start = start;
  }

  receive(message: JSONRPCMessage): void {
    if ('method' in message && 'id' in message) this.running.add(message.id);
    this.onmessage?.(message);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (!('method' in message) && message.id !== undefined) this.running.delete(message.id);
    await this.#pipe.send(message);
  }

  close(): Promise<void> {
    return this.#pipe.close();
  }
}

/** Whether a message names its revision, as every message of revision 2026-07-28 does. */
export function namesRevision(message: JSONRPCMessage): boolean {
  const meta = 'method' in message ? message.params?.['_meta'] : undefined;
  return isObject(meta) && Object.hasOwn(meta, 'io.modelcontextprotocol/protocolVersion');
}

function cancelledId(message: JSONRPCMessage): RequestId | undefined {
  if (!('method' in message) || message.method !== 'notifications/cancelled') return undefined;
  return message.params?.['requestId'] as RequestId | undefined;
}
