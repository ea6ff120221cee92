import type { z } from 'zod';
import type { HttpRequest, RetryClass } from '../connector/http.ts';
import type { ResilienceEvent, UpstreamError } from '../ports/resilience.ts';
import { keepAttempt, type UpstreamScope } from './upstream-scope.ts';

/** Where an attempt was sent, and the status of its answer. */
interface SentAttempt {
  readonly origin: string;
  status?: number;
}

/** One request of a tool, across its attempts. Records whether the vendor may have acted. */
export class UpstreamRequest {
  readonly scope: UpstreamScope;
  readonly request: HttpRequest<z.ZodType>;
  /** The method and path template, for logs and messages: `POST /api/v2/tickets`. */
  readonly operation: string;
  /** Whether the token was renewed for this request, which happens at most once. */
  renewed = false;
  /** The number of attempts that have ended, including attempts that a guard stopped. */
  attempts = 0;
  readonly #writes: boolean;
  /** Whether the current attempt was sent and has not been answered. */
  #pending = false;
  /** Whether an earlier attempt was sent, may have been executed, and was not settled by a later attempt. */
  #lost = false;
  /** Whether the scope counts this write as open. */
  #counted = false;
  #sent: SentAttempt | undefined;

  constructor(scope: UpstreamScope, request: HttpRequest<z.ZodType>) {
    this.scope = scope;
    this.request = request;
    this.operation = `${request.method} ${request.path}`;
    this.#writes = scope.mayWrite && request.method !== 'GET';
  }

  get retry(): RetryClass {
    return this.request.retry ?? (this.request.method === 'GET' ? 'safe' : 'never');
  }

  /** Whether a write was sent and its outcome is unknown. */
  get hasLostWrite(): boolean {
    return this.#writes && (this.#pending || this.#lost);
  }

  /** Marks that an attempt is being sent. The scope counts the write as open until the answer, because an abort may come at any moment. */
  markSent(origin: string): SentAttempt {
    this.scope.requests += 1;
    this.#lost ||= this.#pending;
    this.#pending = true;
    this.#count();
    return (this.#sent = { origin });
  }

  /** Marks that an attempt ended. If `endedAt` is given, in the clock's time, keeps the attempt for the observers of calls. */
  markAttemptEnded({ attempt, code, ms: durationMs }: Extract<ResilienceEvent, { kind: 'attempt' }>, endedAt: number | undefined): void {
    this.attempts = attempt;
    if (endedAt === undefined) return;
    keepAttempt(this.scope, {
      operation: this.operation,
      attempt,
      code,
      sent: this.#sent,
      startedAt: endedAt - durationMs,
      durationMs,
    });
    this.#sent = undefined;
  }

  /** Marks that the current attempt was certainly not executed. This settles no earlier attempt. */
  markNotExecuted(): void {
    this.#pending = false;
    this.#count();
  }

  /** Records a definite answer. The answer settles earlier attempts too, because core repeats only requests that may be repeated. */
  markAnswered(executed: 'yes' | 'no'): void {
    this.#pending = false;
    this.#lost = false;
    if (executed === 'yes' && this.#writes) this.scope.writesDone += 1;
    this.#count();
  }

  markRefused({ executed, transient, code }: UpstreamError): void {
    if (executed === 'unknown') return;
    // A temporary refusal settles only this attempt, and so does a host that points elsewhere. Any other refusal settles the request.
    if ((transient || code === 'CONNECTION_INVALID') && executed === 'no') this.markNotExecuted();
    else this.markAnswered(executed);
  }

  #count(): void {
    if (this.hasLostWrite === this.#counted) return;
    this.#counted = this.hasLostWrite;
    this.scope.writesOpen += this.#counted ? 1 : -1;
  }
}
