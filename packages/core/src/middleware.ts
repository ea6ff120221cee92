import type { Answer } from './content.ts';
import type { Call } from './ports/metering.ts';

/** A call as the operator's middleware receives it: validated, not yet metered. */
export interface MiddlewareCall extends Pick<Call, 'callId' | 'principal' | 'connector' | 'connection' | 'tool' | 'effect'> {
  /** The validated arguments. */
  readonly input: unknown;
  readonly signal: AbortSignal;
}

/** An operator's step in the path of a call. Return the answer of `next()` or another answer, or throw a {@link ToolError} to refuse. */
export type Middleware = (call: MiddlewareCall, next: () => Promise<Answer>) => Promise<Answer>;
