import { z } from 'zod';
import type { CallContext } from '../connector/context.ts';
import { textStart } from '../connector/truncate.ts';
import { ToolError } from '../errors.ts';
import { shortDigest } from '../lib/digest.ts';
import { upstreamScopeKey, wroteOf, type UpstreamScope } from '../upstream/upstream-scope.ts';
import { AskSignal, type ActiveCall } from './active-call.ts';
import type { CallLimit } from './call-limit.ts';
import { createCursor } from './cursor.ts';

const maxWarnings = 20;
const maxWarningLength = 500;

const limitKey = Symbol('busbar.limit');

interface Hidden {
  [limitKey]: CallLimit;
  [upstreamScopeKey]: UpstreamScope;
}

/**
 * Creates the signal when a tool first reads it: docs/decisions/0011-lazy-allocation.md. All contexts share this descriptor, because a
 * separate getter for each context would cost more than it saves.
 */
const lazySignal: PropertyDescriptor & ThisType<Hidden> = {
  get() {
    return this[limitKey].shareSignal();
  },
  enumerable: true,
};

/** Creates the context of a call, which a tool receives with its input and its client. */
export function createCallContext(active: ActiveCall, secret: string): CallContext {
  const { request, call, upstream, warnings, limit } = active;
  const { principal, connection, tool, callId } = call;
  // A key that the host derived from the arguments expires with `repeatWindowMs`. After that, an equal call is a new write for the vendor
  // too.
  const key = call.keepMs === undefined ? call.key : undefined;
  let asks = 0;
  let lastDone = Number.NEGATIVE_INFINITY;

  const context: Omit<CallContext, 'signal'> & Partial<Hidden> = {
    callId,
    principal,
    connection,
    deadlineAt: limit.deadlineAt,
    log: active.log,
    cursor: createCursor(secret, [principal.tenant, connection, tool]),
    // The two forms never give equal texts, so no client's key is the key of another call.
    key: (part) =>
      vendorKey(key === undefined ? [principal.tenant, connection, tool, 'call', callId] : [principal.tenant, connection, tool, key], part),
    warn(message) {
      if (warnings.length < maxWarnings) warnings.push(textStart(message, maxWarningLength).toWellFormed());
    },
    progress(done, total, message) {
      // Written so that NaN is dropped too.
      if (!(done > lastDone) || limit.aborted) return;
      lastDone = done;
      request.progress?.(done, total, message?.toWellFormed());
    },
    async ask(message, answer) {
      if (wroteOf(upstream) !== 'no') throw new Error(`${tool} asks after a write: the run would start again and write twice`);
      asks += 1;
      const id = `ask-${asks}`;
      if (!request.answers)
        throw new ToolError(
          'ASK_UNSUPPORTED',
          `This tool must ask a person: ${message} This client cannot do that. Put the answer into the arguments if they have room for it.`,
        );
      const response = request.answers[id];
      if (!response) throw new AskSignal(id, message.toWellFormed(), elicitationSchema(answer));
      if (response.action !== 'accept') throw new ToolError('CANCELLED', `The person did not agree: ${message} Nothing was written.`);
      const parsed = answer.safeParse(response.content);
      if (!parsed.success)
        throw new ToolError('INVALID_INPUT', `The person's answer does not fit: ${textStart(z.prettifyError(parsed.error), 500)}`);
      return parsed.data;
    },
  };
  // Why not in the literal: docs/decisions/0012-v8-and-memory.md
  context[limitKey] = limit;
  context[upstreamScopeKey] = upstream;
  return Object.defineProperty(context, 'signal', lazySignal) as typeof context & Pick<CallContext, 'signal'>;
}

/** An idempotency key for the vendor: 25 characters of `[a-z0-9]`. */
export function vendorKey(scope: readonly string[], part: string): string {
  return shortDigest(JSON.stringify(['key', ...scope, part]));
}

/** The schema of an answer as MCP elicitation requires it: a flat object of primitives. */
function elicitationSchema(answer: z.ZodObject): object {
  const { type, properties, required } = z.toJSONSchema(answer, { io: 'input' });
  return { type, properties, ...(required && { required }) };
}
