export { createApiKeys, type ApiKey, type ApiKeys, type NewApiKey } from './api-keys.ts';
export { openDatabase, type Database, type DatabaseOptions } from './database.ts';
export { FolderInUseError } from './folder-lock.ts';
export { postgresMetering, type PostgresMetering, type PostgresMeteringOptions } from './metering.ts';
export type { Swept } from './metering-sweep.ts';
export { SealError, type SealSecret } from './seal.ts';
export { postgresState, type PostgresStateOptions, type StateLimits } from './state.ts';
