import { z } from 'zod';
import type { CallLimit } from './call-limit.ts';
import type { CallContext } from '../connector/context.ts';
import { createCursor } from './cursor.ts';
import { shortDigest } from '../lib/digest.ts';
import { ToolError } from '../errors.ts';
import { AskSignal, type ActiveCall } from './active-call.ts';
import { upstreamScopeKey, wroteOf, type UpstreamScope } from '../upstream/upstream-scope.ts';

const maxWarnings = 20;
const maxWarningLength = 500;

const limitKey = Symbol('busbar.limit');

interface Hidden {
  [limitKey]: CallLimit;
  [upstreamScopeKey]: UpstreamScope;
}

/**
 * Most tools never look at their signal, and making one costs as much as the rest of a short call. One property for all contexts: a getter
 * in each would be slower than what it saves.
 */
const lentSignal: PropertyDescriptor & ThisType<Hidden> = {
  get() {
    return this[limitKey].lend();
  },
  enumerable: true,
};

/** What a tool is given besides its input and its client. */
export function createCallContext(active: ActiveCall, secret: string): CallContext {
  const { request, call, upstream, warnings, limit } = active;
  const { principal, connection, tool, callId } = call;
  // A key of our own making ends with its window, and the same arguments are then a new write to the vendor too.
  const key = call.keepMs === undefined ? call.key : undefined;
  let asked = 0;
  let reached = Number.NEGATIVE_INFINITY;

  const context: Omit<CallContext, 'signal'> & Partial<Hidden> = {
    callId,
    principal,
    connection,
    deadlineAt: limit.deadlineAt,
    log: active.log,
    cursor: createCursor(secret, [principal.tenant, connection, tool]),
    key: (part) => vendorKey([principal.tenant, connection, tool, key ?? callId], part),
    warn(message) {
      if (warnings.length < maxWarnings) warnings.push(message.slice(0, maxWarningLength));
    },
    progress(done, total, message) {
      if (!(done > reached) || limit.aborted) return;
      reached = done;
      request.progress?.(done, total, message);
    },
    async ask(message, answer) {
      if (wroteOf(upstream) !== 'no') throw new Error(`${tool} asks after it wrote: the run would start again and write twice`);
      asked += 1;
      const id = `ask-${asked}`;
      if (!request.answers)
        throw new ToolError(
          'ASK_UNSUPPORTED',
          `This tool must ask a person: ${message} This client cannot do that. Put the answer into the arguments if they have room for it.`,
        );
      const said = request.answers[id];
      if (!said) throw new AskSignal(id, message, elicitationSchema(answer));
      if (said.action !== 'accept') throw new ToolError('CANCELLED', `The person did not agree: ${message} Nothing was written.`);
      const parsed = answer.safeParse(said.content);
      if (!parsed.success)
        throw new ToolError('INVALID_INPUT', `The person's answer does not fit: ${z.prettifyError(parsed.error).slice(0, 500)}`);
      return parsed.data;
    },
  };
  // Not as computed names among the others: those V8 stops compiling once a collection of garbage has found no context alive, and forgotten their shape.
  context[limitKey] = limit;
  context[upstreamScopeKey] = upstream;
  return Object.defineProperty(context, 'signal', lentSignal) as typeof context & Pick<CallContext, 'signal'>;
}

/** An idempotency key for the vendor: 25 characters of `[a-z0-9]`. */
export function vendorKey(scope: readonly string[], part: string): string {
  return shortDigest(JSON.stringify(['key', ...scope, part]));
}

/** MCP's elicitation takes a flat object of primitives. */
function elicitationSchema(answer: z.ZodObject): object {
  const { type, properties, required } = z.toJSONSchema(answer, { io: 'input' });
  return { type, properties, ...(required && { required }) };
}
