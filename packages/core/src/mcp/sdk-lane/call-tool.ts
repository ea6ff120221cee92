import {
  inputRequired,
  ProtocolError,
  ProtocolErrorCode,
  TRACEPARENT_META_KEY,
  type CallToolRequestParams,
  type CallToolResult,
  type ElicitInputParams,
  type InputRequiredResult,
  type RequestStateCodec,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Answer } from '../../content.ts';
import { ToolError } from '../../errors.ts';
import type { AskAnswer, CallResult, Host } from '../../host.ts';
import type { Principal } from '../../principal.ts';
import type { AskState } from './ask-state.ts';
import { mask } from '../request/mask.ts';
import { progressReporter } from './progress.ts';

/** What a call is served with. */
interface Serving {
  readonly host: Host;
  readonly principal: Principal;
  readonly address: string | undefined;
  readonly states: RequestStateCodec<AskState>;
  readonly server: Server;
  /** The call, where it has been made already. */
  readonly called?: Promise<CallResult> | undefined;
}

/** Hands one `tools/call` to the host and brings back what became of it. Throws nothing but a {@link ProtocolError}. */
export async function callTool(
  serving: Serving,
  params: CallToolRequestParams,
  context: ServerContext,
): Promise<CallToolResult | InputRequiredResult> {
  const { host, principal, states } = serving;
  const idempotencyKey = idempotencyKeyOf(context);
  const answers = answersOf(serving, params.name, context);
  const progress = progressReporter(context);
  let result: CallResult;
  try {
    result = await (serving.called ??
      host.call({
        principal,
        address: serving.address,
        tool: params.name,
        arguments: params.arguments ?? {},
        signal: context.mcpReq.signal,
        idempotencyKey,
        traceparent: traceparentOf(context),
        ...(progress && { progress }),
        answers,
      }));
  } catch (error) {
    if (ToolError.is(error) && error.code === 'TOOL_NOT_FOUND') throw new ProtocolError(ProtocolErrorCode.InvalidParams, error.message);
    throw new ProtocolError(
      ProtocolErrorCode.InternalError,
      `The server failed. An operator finds the cause in the log under ${mask(host.log, error, 'call failed outside its tool')}.`,
    );
  }
  if (result.kind === 'answer') return callToolResult(serving, params.name, result.answer);
  return inputRequired({
    inputRequests: {
      [result.id]: inputRequired.elicit({
        message: result.message,
        requestedSchema: result.schema as ElicitInputParams['requestedSchema'],
      }),
    },
    requestState: await states.mint({
      tenant: principal.tenant,
      caller: principal.id,
      tool: params.name,
      answers: answers ?? {},
    }),
  });
}

function callToolResult({ host, principal, server }: Serving, name: string, answer: Answer): CallToolResult {
  const result = {
    content: answer.content,
    ...(answer.structuredContent !== undefined && { structuredContent: answer.structuredContent }),
    ...(answer.isError && { isError: true }),
    ...(answer.meta && { _meta: answer.meta }),
  } as CallToolResult;
  const isObject = typeof result.structuredContent === 'object' && result.structuredContent !== null;
  if (result.structuredContent === undefined || (isObject && !Array.isArray(result.structuredContent))) return result;
  // Clients before 2026-07-28 take objects alone; the SDK knows what to make of the rest.
  return server.projectCallToolResult(result, host.tool(principal, name)?.outputSchema);
}

function idempotencyKeyOf({ mcpReq }: ServerContext): string | undefined {
  const key = mcpReq._meta?.['busbar/idempotencyKey'];
  if (key === undefined || (typeof key === 'string' && key.length >= 1 && key.length <= 255)) return key;
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, '_meta["busbar/idempotencyKey"] must be a string of 1 to 255 characters.');
}

/** W3C trace context: from the request's `_meta`, or else from its HTTP header. */
function traceparentOf({ mcpReq, http }: ServerContext): string | undefined {
  const given = mcpReq._meta?.[TRACEPARENT_META_KEY] ?? http?.req?.headers.get('traceparent');
  return typeof given === 'string' ? given : undefined;
}

/**
 * The answers so far: those of earlier rounds out of the signed state, and this round's. Undefined for an older client that cannot be
 * asked. One of 2026-07-28 that did not say that it can is refused by the SDK (-32021), as that revision demands, once a tool asks it.
 */
function answersOf({ principal, server }: Serving, tool: string, context: ServerContext): Record<string, AskAnswer> | undefined {
  const { envelope, inputResponses, requestState } = context.mcpReq;
  const elicitation = server.getClientCapabilities()?.elicitation;
  // `{}` has meant forms since before there was anything else to elicit.
  const canBeAsked = elicitation && !('url' in elicitation && !('form' in elicitation));
  if (!envelope && !canBeAsked) return undefined;
  const state = requestState<AskState>();
  if (state && (state.tenant !== principal.tenant || state.caller !== principal.id || state.tool !== tool))
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'This requestState belongs to another call. Call the tool anew without it.');
  return { ...state?.answers, ...Object.fromEntries(Object.entries(inputResponses ?? {}).filter(isAnswer)) };
}

function isAnswer(entry: [string, unknown]): entry is [string, AskAnswer] {
  const action = (entry[1] as { action?: unknown } | null)?.action;
  return action === 'accept' || action === 'decline' || action === 'cancel';
}
