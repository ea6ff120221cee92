import type { Answer } from './content.ts';
import type { Call } from './ports/metering.ts';

/** A call, as the operator's middleware receives it: validated but not yet metered. */
export interface MiddlewareCall extends Pick<Call, 'callId' | 'principal' | 'connector' | 'connection' | 'tool' | 'effect'> {
  /** The validated arguments. */
  readonly input: unknown;
  readonly signal: AbortSignal;
}

/**
 * A step that the operator adds to the path of every call. Return the answer of `next()` or another answer. Throw a {@link ToolError} to
 * refuse the call.
 */
export type Middleware = (call: MiddlewareCall, next: () => Promise<Answer>) => Promise<Answer>;
