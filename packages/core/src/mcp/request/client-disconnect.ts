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
  #listener: (() => void) | undefined;

  /** @param onEnd Called when the response has ended, whether or not all of it was written. */
  constructor(response: ServerResponse, onEnd: () => void) {
    response.on('close', () => {
      onEnd();
      this.guest?.leave();
      if (response.writableFinished) return;
      this.aborted = true;
      this.#listener?.();
    });
  }

  /** Sets the listener and replaces the previous one. */
  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listener = listener;
  }

  removeEventListener(): void {
    this.#listener = undefined;
  }
}
