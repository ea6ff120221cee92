import type { Host } from '../host.ts';

/** How long a client may keep what it was told about the server. The tools change with a release or with a key's rights. */
const cacheTtlMs = 60_000;

/** For what differs from one key to the next. */
export const cacheHint = { ttlMs: cacheTtlMs, cacheScope: 'private' } as const;

/** No `listChanged`: what a principal sees changes with a release only. */
export const capabilities = { tools: {} };

/** The name and version that the server goes by, and nothing else of what the host knows of itself. */
export const implementation = ({ info }: Host): { name: string; version: string } => ({ name: info.name, version: info.version });
