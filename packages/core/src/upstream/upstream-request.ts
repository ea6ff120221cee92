import type { z } from 'zod';
import type { HttpRequest } from '../connector/http.ts';
import type { ResilienceEvent, UpstreamError } from '../ports/resilience.ts';
import { keepAttempt, type UpstreamScope } from './upstream-scope.ts';

/** Where an attempt went, and what came back. */
interface Sent {
  readonly origin: string;
  status?: number;
}

/** One request of a tool while its attempts go on: what is known of whether the vendor acted. */
export class UpstreamRequest {
  readonly scope: UpstreamScope;
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

  constructor(scope: UpstreamScope, request: HttpRequest<z.ZodType>) {
    this.scope = scope;
    this.request = request;
    this.#writes = scope.mayWrite && request.method !== 'GET';
  }

  /** A write went out, and whether it happened is not known. */
  get hasLostWrite(): boolean {
    return this.#writes && (this.#pending || this.#lost);
  }

  /** An attempt goes out. Until it is answered, the scope counts the write as open: an abort may come at any moment. */
  markSent(origin: string): Sent {
    this.scope.requests += 1;
    this.#lost ||= this.#pending;
    this.#pending = true;
    this.#count();
    return (this.#sent = { origin });
  }

  /** An attempt ended at `now`. Kept for those who observe calls. */
  recordAttempt(operation: string, { attempt, code, ms: durationMs }: Extract<ResilienceEvent, { kind: 'attempt' }>, now: number): void {
    keepAttempt(this.scope, { operation, attempt, code, sent: this.#sent, startedAt: now - durationMs, durationMs });
    this.#sent = undefined;
  }

  /** The present attempt surely was not executed. That says nothing about an earlier one. */
  markNotExecuted(): void {
    this.#pending = false;
    this.#count();
  }

  /** A definite answer. It speaks for earlier attempts too, since only what may be repeated was. */
  markAnswered(executed: 'yes' | 'no'): void {
    this.#pending = false;
    this.#lost = false;
    if (executed === 'yes' && this.#writes) this.scope.writesDone += 1;
    this.#count();
  }

  markRefused({ executed, transient }: UpstreamError): void {
    if (executed === 'unknown') return;
    // "Not now" settles only this attempt; "no" settles the request.
    if (transient && executed === 'no') this.markNotExecuted();
    else this.markAnswered(executed);
  }

  #count(): void {
    if (this.hasLostWrite === this.#counted) return;
    this.#counted = this.hasLostWrite;
    this.scope.writesOpen += this.#counted ? 1 : -1;
  }
}
