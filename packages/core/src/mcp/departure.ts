import type { ServerResponse } from 'node:http';
import type { ClientSignal } from '../call-signal.ts';

/** Says that a client has gone before its response was written. An `AbortSignal` costs a good part of a short call. */
export class Departure implements ClientSignal {
  aborted = false;
  #listener: (() => void) | undefined;

  constructor(response: ServerResponse) {
    response.on('close', () => {
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
