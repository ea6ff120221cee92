import type { z } from 'zod';
import type { HttpRequest } from '../connector/http.ts';
import type { ResilienceEvent, UpstreamError } from '../ports/resilience.ts';
import { keepAttempt, type Tally } from './upstream-scope.ts';

/** Where an attempt went, and what came back. */
interface Sent {
  readonly origin: string;
  status?: number;
}

/** One request of a tool while its attempts go on: what is known of whether the vendor acted. */
export class Flight {
  readonly tally: Tally;
  readonly request: HttpRequest<z.ZodType>;
  /** The token was renewed for it, which is done once. */
  renewed = false;
  readonly #writes: boolean;
  /** The present attempt went out and has not been answered. */
  #pending = false;
  /** An earlier attempt went out, may have been executed, and no later one has settled it. */
  #lost = false;
  #counted = false;
  #sent: Sent | undefined;

  constructor(tally: Tally, request: HttpRequest<z.ZodType>) {
    this.tally = tally;
    this.request = request;
    this.#writes = tally.mayWrite && request.method !== 'GET';
  }

  /** A write went out, and whether it happened is not known. */
  get lostWrite(): boolean {
    return this.#writes && (this.#pending || this.#lost);
  }

  /** An attempt goes out. Until it is answered, the tally counts the write as open: an abort may come at any moment. */
  depart(origin: string): Sent {
    this.tally.requests += 1;
    this.#lost ||= this.#pending;
    this.#pending = true;
    this.#count();
    return (this.#sent = { origin });
  }

  /** An attempt ended at `now`. Kept for those who observe calls. */
  attempted(operation: string, { attempt, code, ms: durationMs }: Extract<ResilienceEvent, { kind: 'attempt' }>, now: number): void {
    keepAttempt(this.tally, { operation, attempt, code, sent: this.#sent, startedAt: now - durationMs, durationMs });
    this.#sent = undefined;
  }

  /** The present attempt surely was not executed. That says nothing about an earlier one. */
  notExecuted(): void {
    this.#pending = false;
    this.#count();
  }

  /** A definite answer. It speaks for earlier attempts too, since only what may be repeated was. */
  answered(executed: boolean): void {
    this.#pending = false;
    this.#lost = false;
    if (executed && this.#writes) this.tally.writesDone += 1;
    this.#count();
  }

  refused({ executed, transient }: UpstreamError): void {
    if (executed === 'unknown') return;
    // "Not now" settles only this attempt; "no" settles the request.
    if (transient && !executed) this.notExecuted();
    else this.answered(executed);
  }

  #count(): void {
    if (this.lostWrite === this.#counted) return;
    this.#counted = this.lostWrite;
    this.tally.writesOpen += this.#counted ? 1 : -1;
  }
}
