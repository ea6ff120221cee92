export {
  apiKeyPattern,
  createApiKeys,
  type ApiKey,
  type ApiKeyConditions,
  type ApiKeys,
  type ApiKeyScope,
  type StoredApiKey,
  type NewApiKey,
} from './api-keys.ts';
export { postgresAudit, type PostgresAudit, type PostgresAuditOptions } from './audit/audit.ts';
export { exportAudit, type AuditRange } from './audit/export.ts';
export type { AuditEntry, AuditHeads, ChainHead } from './audit/lines.ts';
export type { PruneResult } from './audit/retention.ts';
export { verifyAudit, type AuditVerdict, type VerifyOptions } from './audit/verify.ts';
export { openDatabase, type Database, type DatabaseOptions } from './database/database.ts';
export { databaseRefusal } from './database/errors.ts';
export type { DeadLetterFilter } from './dead-letters/filter.ts';
export type { ReplayedDeadLetter, ReplayOptions, ReplayResult } from './dead-letters/replay.ts';
export { createDeadLetters, type DeadLetter, type DeadLetters, type DeadLettersOptions } from './dead-letters/dead-letters.ts';
export { FolderInUseError } from './database/folder-lock.ts';
export { FolderAccessError } from './database/private-folder.ts';
export { postgresMetering, type PostgresMetering, type PostgresMeteringOptions } from './metering/metering.ts';
export type { SweepResult } from './metering/sweep.ts';
export { reconcile, type ReconcileResult, type ReconcileOptions } from './reconcile/reconcile.ts';
export type { CallCounts } from './reconcile/metrics.ts';
export { SealError, type SealSecret } from './seal.ts';
export { postgresState, type PostgresStateOptions, type StateLimits } from './state/state.ts';
export { createUsage } from './usage/usage.ts';
export type { CallRecord, CallsQuery, Paging, Usage, UsageGroup, UsageQuery, UsageRange, UsageRow } from './usage/usage-types.ts';
export { usageOutbox, type UsageDelivery, type UsageOutbox, type UsageOutboxOptions } from './usage/outbox.ts';
