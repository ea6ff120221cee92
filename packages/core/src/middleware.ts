import type { Answer } from './content.ts';
import type { Call } from './ports/metering.ts';

/** A call as an operator's own middleware sees it: validated, not yet metered. */
export interface MiddlewareCall extends Pick<Call, 'callId' | 'principal' | 'connector' | 'connection' | 'tool' | 'effect'> {
  /** The validated arguments. */
  readonly input: unknown;
  readonly signal: AbortSignal;
}

/** A step of the operator's own. Return `next()`'s answer, another one, or throw a {@link ToolError} to refuse. */
export type Middleware = (call: MiddlewareCall, next: () => Promise<Answer>) => Promise<Answer>;
