export { createApiKeys, type ApiKey, type ApiKeys, type NewApiKey } from './api-keys.ts';
export { openDatabase, type Database, type DatabaseOptions } from './database.ts';
export { FolderInUseError } from './folder-lock.ts';
export { createUsage, type Usage } from './usage.ts';
