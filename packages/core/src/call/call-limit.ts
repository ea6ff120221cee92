import { ToolError } from '../errors.ts';
import type { CallRequest } from '../host.ts';
import type { AdmitOptions } from '../ports/metering.ts';
import type { Principal } from '../principal.ts';
import { DeadlineEntry } from './deadlines.ts';

// A constant, because creating an error captures its stack, and an abort without a reason would create an error each time.
const callEnded = new ToolError('CANCELLED', 'The call has ended.');

/**
 * Ends a call early when its client cancels, its deadline passes or the host drains. Only the first of these counts.
 *
 * The first read of `signal` creates it. The end of the call aborts the signal only if code that may still be running holds it. Why:
 * docs/decisions/0011-lazy-allocation.md
 */
export class CallLimit extends DeadlineEntry implements AdmitOptions {
  readonly #request: CallRequest;
  #controller: AbortController | undefined;
  #shared = false;
  #reason: ToolError | undefined;
  #over = false;
  #onStop: (() => void) | undefined;

  constructor(startedAt: number, timeoutMs: number, request: CallRequest) {
    super(startedAt, timeoutMs);
    this.#request = request;
    if (request.signal.aborted) this.cancel();
    else request.signal.addEventListener('abort', this.cancel);
  }

  /** Whether the call is a principal's request with this id. */
  answers({ tenant, id }: Principal, requestId: string | number): boolean {
    const { principal } = this.#request;
    return this.#request.requestId === requestId && principal.id === id && principal.tenant === tenant;
  }

  /** Aborts when the call is ended early. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#over) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  /** Returns the signal for a tool or a middleware. It also aborts at the end of the call, to stop work that was left running. */
  shareSignal(): AbortSignal {
    this.#shared = true;
    return this.signal;
  }

  /** Whether the call has ended, early or normally. */
  get aborted(): boolean {
    return this.#over;
  }

  /** @throws {@link reason}, if the call has ended. */
  throwIfAborted(): void {
    if (this.#over) throw this.reason;
  }

  /** Why the call was ended early. */
  get reason(): ToolError {
    return this.#reason ?? callEnded;
  }

  override expire(): void {
    const seconds = this.timeoutMs / 1000;
    this.stop(
      new ToolError('DEADLINE_EXCEEDED', `The call took longer than the ${seconds} s that it may take. Ask for less, or try again later.`),
    );
  }

  /** Ends the call early. Only the first `stop` has an effect. */
  stop(reason: ToolError): void {
    if (this.#over) return;
    this.#over = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#onStop?.();
  }

  /** Sets the listener that is called when the call is ended early. It replaces the previous one. */
  onStop(listener: () => void): void {
    this.#onStop = listener;
  }

  /** Marks the call as ended. */
  end(): void {
    this.#over = true;
    this.#request.signal.removeEventListener('abort', this.cancel);
    if (this.#shared) this.#controller?.abort(callEnded);
  }

  /** Ends the call for its client. */
  readonly cancel = (): void => this.stop(new ToolError('CANCELLED', 'The call was cancelled.'));
}
