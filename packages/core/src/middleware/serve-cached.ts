import type { Cache } from '../cache.ts';
import { canonicalJson, digest } from '../digest.ts';
import { wroteOf } from '../upstream/tally.ts';
import type { ActiveCall } from './active-call.ts';
import type { Ran } from './meter.ts';

/**
 * Answers a read that declares `cache` from an earlier answer to the same question on the same connection. A write through a
 * connection forgets what was kept of it.
 */
export async function serveCached(cache: Cache, active: ActiveCall, run: () => Promise<Ran>): Promise<Ran> {
  const { entry, call, input, open } = active;
  // A cache that is away costs time, and no call: above all not one whose write is done.
  const tried = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (err) {
      active.log.warn({ err }, 'the cache failed');
      return undefined;
    }
  };

  if (entry.effect !== 'read') {
    try {
      return await run();
    } finally {
      if (wroteOf(active.tally) !== 'no') await tried(cache.clear(call.connection));
    }
  }
  const ttlMs = entry.tool.cache?.ttlMs;
  if (ttlMs === undefined) return await run();
  // The settings' version too: other settings may see other records.
  const key = digest(canonicalJson([entry.name, open.connection.version, input]));
  const kept = await tried(cache.get(call.connection, key));
  if (kept) return { answer: kept, cached: true };
  const ran = await run();
  await tried(cache.set(call.connection, key, ran.answer, ttlMs));
  return ran;
}
