export type { Budget } from './budget.ts';
export type { Cache } from './cache.ts';
export type { CatalogEntry } from './catalog.ts';
export { systemClock, type Clock } from './clock.ts';
export type { Connection, Connections } from './connections.ts';
export {
  defineConnector,
  type Authorization,
  type Connector,
  type Health,
  type Job,
  type Services,
  type Signature,
  type UpstreamFailure,
  type UpstreamLimit,
  type Webhook,
} from './connector.ts';
export type { Answer, Content } from './content.ts';
export type { CallContext, Context, Cursor, JobContext } from './context.ts';
export { createHost } from './create-host.ts';
export { errorCodes, ToolError, type ErrorCode, type ToolErrorOptions } from './errors.ts';
export type { AskAnswer, CallRequest, CallResult, Host, HostOptions } from './host.ts';
export type { Fields, Http, HttpRequest, HttpResponse, RetryClass } from './http.ts';
export { silentLogger, type Logger } from './logger.ts';
export { memoryBudget, type MemoryBudgetOptions } from './memory/budget.ts';
export { memoryCache, type MemoryCacheOptions } from './memory/cache.ts';
export { memoryConnections, type ConnectionRecord } from './memory/connections.ts';
export { memoryMetering, type MemoryMeteringOptions } from './memory/metering.ts';
export { memoryRateLimit, type MemoryRateLimitOptions } from './memory/rate-limit.ts';
export { memoryState, type MemoryStateOptions } from './memory/state.ts';
export type { Admission, Call, DeliveryReport, Metering, Outcome } from './metering.ts';
export type { Middleware, MiddlewareCall } from './middleware/compose.ts';
export { observers, type CallEvent, type Observer, type RefusalEvent, type UpstreamEvent } from './observer.ts';
export { localPrincipal, type Authenticate, type Credentials, type Principal } from './principal.ts';
export type { RateLimit, RateLimitDecision, RateLimitRule } from './rate-limit.ts';
export { UpstreamError, type Attempt, type BreakerState, type Resilience, type ResilienceEvent } from './resilience.ts';
export { secret, secretValues } from './secret.ts';
export { SendError, type IncomingResponse, type OutgoingRequest, type Sender } from './sender.ts';
export type { Entry, LogSpec, State, StateLog, StateStore } from './state.ts';
export {
  result,
  type AnyTool,
  type Effect,
  type Given,
  type Parsed,
  type Result,
  type ResultExtras,
  type Schema,
  type Tool,
  type ToolBuilder,
} from './tool.ts';
export type { Listener, Transport } from './transport.ts';
