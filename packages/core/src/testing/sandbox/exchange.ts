import type { IncomingMessage, ServerResponse } from 'node:http';
import { breakOff, send, type SimulatorAnswer } from './simulator-wire.ts';

/** One request and its response on the wire. */
export class Exchange {
  readonly incoming: IncomingMessage;
  /** How the exchange ended: see `SimulatorRequest.ended`. */
  readonly ended: Promise<'answered' | 'broken' | 'closed'>;
  /** Aborts when the connection is closed. */
  readonly signal: AbortSignal;
  readonly #response: ServerResponse;
  readonly #now: () => number;
  #isBroken = false;

  constructor(incoming: IncomingMessage, response: ServerResponse, now: () => number) {
    this.incoming = incoming;
    this.#response = response;
    this.#now = now;
    const disconnected = new AbortController();
    this.signal = disconnected.signal;
    this.ended = new Promise((resolve) => {
      let isAnswered = false;
      // Node 22 says "finished" too of an answer whose socket was destroyed while it waited there.
      response.once('finish', () => (isAnswered = !incoming.socket.destroyed));
      response.once('close', () => {
        resolve(isAnswered ? 'answered' : this.#isBroken ? 'broken' : 'closed');
        disconnected.abort(new Error('The client has disconnected.'));
      });
    });
  }

  answer(answer: SimulatorAnswer): void {
    send(this.#response, answer, this.#now());
  }

  /** Resets the connection. */
  reset(): void {
    this.#isBroken = true;
    this.incoming.socket.resetAndDestroy();
  }

  /** Sends the first half of an answer. */
  breakOff(answer: SimulatorAnswer): void {
    this.#isBroken = true;
    breakOff(this.#response, answer, this.#now());
  }

  /** Answers with a 500, unless an answer is already on its way. */
  fail(error: unknown): void {
    if (!this.#response.headersSent) this.answer({ status: 500, body: `The simulator failed: ${String(error)}` });
  }
}
