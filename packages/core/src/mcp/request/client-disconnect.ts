import type { ServerResponse } from 'node:http';
import type { ClientSignal } from '../../host.ts';
import type { Guest } from '../room/room.ts';

/**
 * Signals that a client disconnected before its response was written, reports the end of the response, and gives back the request's room.
 * An `AbortSignal` would take up a large part of a short call's time.
 *
 * Attach no other listener to a response's `close`: docs/decisions/0012-v8-and-memory.md
 */
export class ClientDisconnect implements ClientSignal {
  aborted = false;
  /** The request's room, once its sender is known. */
  guest: Guest | undefined;
  /** Why the rest of the body is not wanted any more. */
  reason: Error | undefined;
  #response: ServerResponse | undefined;
  #listener: (() => void) | undefined;

  /** @param onEnd Called when the response has ended, whether or not all of it was written. */
  constructor(response: ServerResponse, onEnd: () => void) {
    this.#response = response;
    response.on('close', () => {
      // The connection remembers this object.
      this.#response = undefined;
      onEnd();
      this.guest?.leave();
      if (response.writableFinished) return;
      this.aborted = true;
      this.#listener?.();
    });
  }

  /** Refuses a request whose body is still arriving. It is not read any further, and its reader rejects with the reason. */
  refuseBody(reason: Error): void {
    if (!this.#response || this.#response.req.complete) return;
    this.reason = reason;
    this.#listener?.();
  }

  /** Sets the listener and replaces the previous one. */
  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listener = listener;
  }

  removeEventListener(): void {
    this.#listener = undefined;
  }
}
