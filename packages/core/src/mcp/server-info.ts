import type { Host } from '../host.ts';

/** How long a client may cache the server's description and tools. The tools change only with a release or when a key's rights change. */
const cacheTtlMs = 60_000;

/** The cache hint for answers that may differ between keys. */
export const cacheHint = { ttlMs: cacheTtlMs, cacheScope: 'private' } as const;

/** `listChanged` is absent, because the tools that a principal sees change only with a release. */
export const capabilities = { tools: {} };

/** The server's name and version, without the other fields of the host's `info`. */
export const implementation = ({ info }: Host): { name: string; version: string } => ({ name: info.name, version: info.version });
