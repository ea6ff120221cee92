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
import { mask } from '../request/mask.ts';
import type { AskState } from './ask-state.ts';
import { progressReporter } from './progress.ts';

/** The services that {@link callTool} uses. */
interface CallServices {
  readonly host: Host;
  readonly principal: Principal;
  readonly address: string | undefined;
  readonly states: RequestStateCodec<AskState>;
  readonly server: Server;
  /** The outcome of a call that has already run. */
  readonly outcome?: Promise<CallResult> | undefined;
}

/** Passes one `tools/call` to the host and returns its outcome. Throws only {@link ProtocolError}. */
export async function callTool(
  services: CallServices,
  params: CallToolRequestParams,
  context: ServerContext,
): Promise<CallToolResult | InputRequiredResult> {
  const { host, principal, states } = services;
  const idempotencyKey = idempotencyKeyOf(context);
  const answers = answersOf(services, params.name, context);
  const progress = progressReporter(context);
  let result: CallResult;
  try {
    result = await (services.outcome ??
      host.call({
        principal,
        address: services.address,
        tool: params.name,
        arguments: params.arguments ?? {},
        requestId: context.mcpReq.id,
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
  if (result.kind === 'answer') return callToolResult(services, params.name, result.answer);
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

function callToolResult({ host, principal, server }: CallServices, name: string, answer: Answer): CallToolResult {
  const result = {
    content: answer.content,
    ...(answer.structuredContent !== undefined && { structuredContent: answer.structuredContent }),
    ...(answer.isError && { isError: true }),
    ...(answer.meta && { _meta: answer.meta }),
  } as CallToolResult;
  const isObject = typeof result.structuredContent === 'object' && result.structuredContent !== null;
  if (result.structuredContent === undefined || (isObject && !Array.isArray(result.structuredContent))) return result;
  // Clients before 2026-07-28 accept only objects. The SDK converts other values for them.
  return server.projectCallToolResult(result, host.tool(principal, name)?.outputSchema);
}

function idempotencyKeyOf({ mcpReq }: ServerContext): string | undefined {
  const key = mcpReq._meta?.['busbar/idempotencyKey'];
  if (key === undefined || (typeof key === 'string' && key.length >= 1 && key.length <= 255)) return key;
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, '_meta["busbar/idempotencyKey"] must be a string of 1 to 255 characters.');
}

/** Returns the W3C trace context, from the request's `_meta` or else from its HTTP header. */
function traceparentOf({ mcpReq, http }: ServerContext): string | undefined {
  const traceparent = mcpReq._meta?.[TRACEPARENT_META_KEY] ?? http?.req?.headers.get('traceparent');
  return typeof traceparent === 'string' ? traceparent : undefined;
}

/**
 * Returns the answers of this round and of earlier rounds, which are in the signed state. Undefined for an older client that cannot ask a
 * person. If a tool asks through a client of 2026-07-28 that did not declare the capability, the SDK refuses the call (-32021), as that
 * revision requires.
 */
function answersOf({ principal, server }: CallServices, tool: string, context: ServerContext): Record<string, AskAnswer> | undefined {
  const { envelope, inputResponses, requestState } = context.mcpReq;
  const elicitation = server.getClientCapabilities()?.elicitation;
  // `{}` means forms, because the capability is older than URL elicitation.
  const canAsk = elicitation && !('url' in elicitation && !('form' in elicitation));
  if (!envelope && !canAsk) return undefined;
  const state = requestState<AskState>();
  if (state && (state.tenant !== principal.tenant || state.caller !== principal.id || state.tool !== tool))
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'This requestState belongs to another call. Call the tool again without it.');
  return { ...state?.answers, ...Object.fromEntries(Object.entries(inputResponses ?? {}).filter(isAnswer)) };
}

function isAnswer(entry: [string, unknown]): entry is [string, AskAnswer] {
  const action = (entry[1] as { action?: unknown } | null)?.action;
  return action === 'accept' || action === 'decline' || action === 'cancel';
}
