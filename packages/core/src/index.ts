export type { Audit, AuditEvent } from './audit.ts';
export type { Authorization } from './authorization.ts';
export type { Budget, BudgetUntil, LimitSeen } from './budget.ts';
export { answerJson } from './answer-json.ts';
export type { Cache, CacheLook } from './cache.ts';
export type { CallSignal, ClientSignal } from './call-signal.ts';
export type { CatalogEntry } from './catalog.ts';
export { systemClock, type Clock } from './clock.ts';
export type { Connection, Connections } from './connections.ts';
export {
  defineConnector,
  type Connector,
  type Health,
  type Job,
  type LimitStanding,
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
export { fairBudget, type BudgetAnswer, type BudgetCounts, type FairBudgetOptions } from './fair-budget.ts';
export type { AskAnswer, CallRequest, CallResult, Host, HostOptions } from './host.ts';
export type { Fields, Http, HttpRequest, HttpResponse, RetryClass } from './http.ts';
export type { Lock } from './lock.ts';
export { silentLogger, type Logger } from './logger.ts';
export { memoryBudget, type MemoryBudgetOptions } from './memory/budget.ts';
export { memoryCache, type MemoryCacheOptions } from './memory/cache.ts';
export { memoryConnections, type ConnectionRecord } from './memory/connections.ts';
export { memoryMetering, type MemoryMeteringOptions } from './memory/metering.ts';
export { memoryRateLimit, type MemoryRateLimitOptions } from './memory/rate-limit.ts';
export { memoryState, type MemoryStateOptions } from './memory/state.ts';
export { isCharged, type Admission, type Call, type DeliveryReport, type Metering, type Outcome } from './metering.ts';
export type { Middleware, MiddlewareCall } from './middleware/compose.ts';
export { observers, type CallEvent, type Observer, type RefusalEvent, type UpstreamAttempt, type UpstreamEvent } from './observer.ts';
export { priceOf, type Price, type PriceRule } from './price.ts';
export { localPrincipal, type Authenticate, type Credentials, type Principal } from './principal.ts';
export { quotaDemands, quotaExceeded, type QuotaDemand, type QuotaKind, type QuotaPeriod, type QuotaRule, type Terms } from './quota.ts';
export type { RateLimit, RateLimitDecision, RateLimitRule } from './rate-limit.ts';
export { UpstreamError, type Attempt, type BreakerState, type NamedLimit, type Resilience, type ResilienceEvent } from './resilience.ts';
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
export {
  moneyText,
  stripeMeterEvent,
  usageCloudEvent,
  type StripeMeterEvent,
  type StripeMeterEventOptions,
  type UsageCloudEvent,
  type UsageCloudEventOptions,
  type UsageRecord,
} from './usage-event.ts';
