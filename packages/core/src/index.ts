// For connectors.
export type { Clock } from './clock.ts';
export type { Authorization } from './connector/authorization.ts';
export {
  defineConnector,
  type Connector,
  type Health,
  type Job,
  type RateLimitStatus,
  type Services,
  type UpstreamFailure,
  type UpstreamLimit,
} from './connector/connector.ts';
export type { CallContext, Context, Cursor, JobContext } from './connector/context.ts';
export { emailAddress, readEmailAddress } from './connector/email-address.ts';
export { failureFromStatus, quoteReason, refused } from './connector/failure.ts';
export type { Fields, Http, HttpRequest, HttpResponse, RepeatableFields, RetryClass } from './connector/http.ts';
export { nextPage, onePage, type PageEnd } from './connector/next-page.ts';
export { omitNullish } from './connector/omit-nullish.ts';
export { pastedText } from './connector/pasted-text.ts';
export { secret } from './connector/secret.ts';
export type { Entry, LogSpec, State, StateLog } from './connector/state.ts';
export {
  result,
  type AnyTool,
  type Effect,
  type Result,
  type ResultExtras,
  type Schema,
  type SchemaInput,
  type SchemaOutput,
  type Tool,
  type ToolBuilder,
} from './connector/tool.ts';
export { textStart, truncate } from './connector/truncate.ts';
export type { Challenge, Signature, SignedPart, Webhook, WebhookEvent } from './connector/webhook.ts';
export type { Answer, Content } from './content.ts';
export { ToolError, errorCodes, type ErrorCode, type ToolErrorOptions } from './errors.ts';
export type { Logger } from './logger.ts';
export type { Principal } from './principal.ts';

// For servers.
export { priceOf, type Price, type PriceRule } from './billing/price.ts';
export type { QuotaKind, QuotaPeriod, QuotaRule, UsagePolicy } from './billing/quota.ts';
export type { CatalogEntry } from './catalog/catalog.ts';
export { systemClock } from './clock.ts';
export { createHost } from './create-host.ts';
export type { AskAnswer, CallRequest, CallResult, ClientSignal, Hook, Host, HostInfo, HostOptions } from './host.ts';
export { silentLogger } from './logger.ts';
export { memoryBudget, type MemoryBudgetOptions } from './memory/budget.ts';
export { memoryCache, type MemoryCacheOptions } from './memory/cache.ts';
export { memoryConnections, type ConnectionRecord } from './memory/connections.ts';
export { memoryMetering, type MemoryMeteringOptions } from './memory/metering.ts';
export { memoryRateLimit, type MemoryRateLimitOptions } from './memory/rate-limit.ts';
export { memoryState, type MemoryStateOptions } from './memory/state.ts';
export type { Middleware, MiddlewareCall } from './middleware.ts';
export { localPrincipal, type Authenticate, type Credentials } from './principal.ts';
export type { Listener, Transport } from './transport.ts';

// For adapters and stores.
export { answerJson } from './answer-json.ts';
export { quotaCharges, quotaExceeded, type QuotaCharge } from './billing/quota.ts';
export {
  moneyText,
  stripeMeterEvent,
  usageCloudEvent,
  type StripeMeterEvent,
  type StripeMeterEventOptions,
  type UsageCloudEvent,
  type UsageCloudEventOptions,
  type UsageRecord,
} from './billing/usage-event.ts';
export { secretValues } from './connector/secret.ts';
export type { StateStore } from './connector/state.ts';
export type { Audit, AuditEvent } from './ports/audit.ts';
export type { Budget, BudgetRequest, ObservedLimit } from './ports/budget.ts';
export type { Cache, CacheLookup } from './ports/cache.ts';
export type { Connection, Connections } from './ports/connections.ts';
export { HttpClientError, type HttpClient, type IncomingResponse, type OutgoingRequest } from './ports/http-client.ts';
export type { Lock } from './ports/lock.ts';
export {
  isCharged,
  type Admission,
  type AdmitOptions,
  type Call,
  type DeliveryReport,
  type Metering,
  type Outcome,
} from './ports/metering.ts';
export { observers, type CallEvent, type Observer, type RefusalEvent, type UpstreamAttempt, type UpstreamEvent } from './ports/observer.ts';
export type { RateLimit, RateLimitDecision, RateLimitRule } from './ports/rate-limit.ts';
export {
  UpstreamError,
  type Attempt,
  type BreakerState,
  type NamedLimit,
  type Resilience,
  type ResilienceEvent,
} from './ports/resilience.ts';
export { fairBudget, type BudgetAnswer, type BudgetCounts, type FairBudgetOptions } from './upstream/fair-budget.ts';
