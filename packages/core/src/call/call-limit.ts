import type { Timed } from './deadlines.ts';
import { ToolError } from '../errors.ts';
import type { CallSignal, ClientSignal } from '../lib/call-signal.ts';

// Made once: an error takes its stack, and an abort without a reason makes one, which would cost more than the rest of a short call.
const callEnded = new ToolError('CANCELLED', 'The call has ended.');

/**
 * What ends a call before it is done: its client, its time, or the host's drain. The first of them counts.
 *
 * Making and aborting a signal costs as much as a short call, so it is made when somebody asks for it, and aborted at the call's end only
 * where it was lent to somebody who may have left work running.
 */
export class CallLimit implements CallSignal, Timed {
  readonly deadlineAt: number;
  index = -1;
  readonly #client: ClientSignal;
  readonly #timeoutMs: number;
  #controller: AbortController | undefined;
  #lent = false;
  #reason: ToolError | undefined;
  #over = false;
  #onStop: (() => void) | undefined;

  constructor(startedAt: number, timeoutMs: number, client: ClientSignal) {
    this.deadlineAt = startedAt + timeoutMs;
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    if (client.aborted) this.#onClient();
    else client.addEventListener('abort', this.#onClient);
  }

  /** Aborts when the call is ended early. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#over) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  /** The signal for the tool: it aborts when the call is over too, and cuts off what the tool has left running. */
  lend(): AbortSignal {
    this.#lent = true;
    return this.signal;
  }

  /** Whether the call has ended, early or not. */
  get aborted(): boolean {
    return this.#over;
  }

  throwIfAborted(): void {
    if (this.#over) throw this.reason;
  }

  addEventListener(type: 'abort', listener: () => void): void {
    this.signal.addEventListener(type, listener);
  }

  removeEventListener(type: 'abort', listener: () => void): void {
    this.#controller?.signal.removeEventListener(type, listener);
  }

  /** Why it was ended early. */
  get reason(): ToolError {
    return this.#reason ?? callEnded;
  }

  expire(): void {
    const seconds = this.#timeoutMs / 1000;
    this.stop(
      new ToolError('DEADLINE_EXCEEDED', `The call took longer than the ${seconds} s that it may take. Ask for less, or try again later.`),
    );
  }

  /** Ends the call early. Only the first time counts. */
  stop(reason: ToolError): void {
    if (this.#over) return;
    this.#over = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#onStop?.();
  }

  /** Has `listener` called when the call is ended early, instead of the one before. Undefined: nobody. */
  onStop(listener: (() => void) | undefined): void {
    this.#onStop = listener;
  }

  /** The call is over. */
  end(): void {
    this.#over = true;
    this.#client.removeEventListener('abort', this.#onClient);
    if (this.#lent) this.#controller?.abort(callEnded);
  }

  readonly #onClient = (): void => this.stop(new ToolError('CANCELLED', 'The call was cancelled.'));
}
