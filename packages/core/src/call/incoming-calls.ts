import type { Catalog, CatalogEntry } from '../catalog/catalog.ts';
import { textStart } from '../connector/truncate.ts';
import { ToolError } from '../errors.ts';
import type { CallRequest, CallResult } from '../host.ts';
import type { Logger } from '../logger.ts';
import type { Audit } from '../ports/audit.ts';
import type { Observer } from '../ports/observer.ts';
import type { RateLimit, RateLimitDecision } from '../ports/rate-limit.ts';
import { auditRefusal } from './audit-refusal.ts';
import type { CallPath } from './call-path.ts';
import { errorAnswer } from './error-answer.ts';

/** Options for {@link IncomingCalls}. */
export interface IncomingCallsOptions {
  readonly catalog: Catalog;
  readonly callPath: CallPath;
  readonly audit: Audit;
  readonly log: Logger;
  readonly observer: Observer;
  readonly connectorRateLimit: RateLimit | undefined;
}

/** Finds the tool of each call and begins the call, unless the host is closing or the tenant's limit for the connector is used up. */
export class IncomingCalls {
  readonly #options: IncomingCallsOptions;
  #closed = false;

  constructor(options: IncomingCallsOptions) {
    this.#options = options;
  }

  /** Runs the call, or answers with a refusal. @throws {ToolError} TOOL_NOT_FOUND. */
  call(request: CallRequest): Promise<CallResult> {
    const { catalog, connectorRateLimit } = this.#options;
    const entry = catalog.find(request.tool, request.principal);
    if (!entry) return Promise.reject(this.#notFound(request));
    return connectorRateLimit && !this.#closed ? this.#beginWithinLimit(connectorRateLimit, entry, request) : this.#begin(entry, request);
  }

  /** Refuses all later calls. */
  close(): void {
    this.#closed = true;
  }

  #begin(entry: CatalogEntry, request: CallRequest): Promise<CallResult> {
    const { callPath, observer } = this.#options;
    if (!this.#closed) return callPath.run(entry, request);
    observer.refused?.({ reason: 'draining' });
    return Promise.resolve(refused(new ToolError('UNAVAILABLE', 'The server is shutting down. Nothing was done. Try again shortly.')));
  }

  #beginWithinLimit(limit: RateLimit, entry: CatalogEntry, request: CallRequest): Promise<CallResult> {
    // `#begin` checks again whether the host is closing, because its drain waits only for calls that have begun.
    const decide = (decision: RateLimitDecision) =>
      decision.allowed ? this.#begin(entry, request) : Promise.resolve(this.#overLimit(decision, entry));
    try {
      const decision = limit.take(JSON.stringify([request.principal.tenant, entry.connector]));
      return decision instanceof Promise ? decision.then(decide) : decide(decision);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #overLimit({ rule, resetMs }: RateLimitDecision, { connector }: CatalogEntry): CallResult {
    this.#options.observer.refused?.({ reason: 'rate-limit' });
    return refused(
      new ToolError(
        'RATE_LIMITED',
        `This tenant has made the ${rule.limit} calls to ${connector} that it may make in ${rule.windowMs / 1000} s. Nothing was done. Try again in ${Math.ceil(resetMs / 1000)} s.`,
        { retryAfterMs: resetMs },
      ),
    );
  }

  #notFound(request: CallRequest): ToolError {
    const { catalog, audit, log } = this.#options;
    if (catalog.has(request.tool)) auditRefusal(audit, log, request, 'TOOL_NOT_FOUND');
    return new ToolError(
      'TOOL_NOT_FOUND',
      `There is no tool named "${textStart(request.tool, 64).toWellFormed()}" for this caller. List the tools to see which exist.`,
    );
  }
}

/** Returns the answer to a call that did not begin. */
function refused(error: ToolError): CallResult {
  return { kind: 'answer', answer: errorAnswer(error, crypto.randomUUID()) };
}
