import type { ServerResponse } from 'node:http';
import type { ClientSignal } from '../../host.ts';

/**
 * Tells of the end of a response, and that a client has gone before its response was written. An `AbortSignal` costs a good part of a short
 * call.
 *
 * Nothing else is to listen to a response's `close`. The list that Node makes for a second listener is one of those that V8 keeps where only the
 * collection of old garbage looks, since sockets have them too: each request would stay until then, with all that it holds.
 */
export class ClientDisconnect implements ClientSignal {
  aborted = false;
  #listener: (() => void) | undefined;

  /** @param ended Called when the response is over, written or not. */
  constructor(response: ServerResponse, ended: () => void) {
    response.on('close', () => {
      ended();
      if (response.writableFinished) return;
      this.aborted = true;
      this.#listener?.();
    });
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listener = listener;
  }

  removeEventListener(): void {
    this.#listener = undefined;
  }
}
