import type { Cache, CacheLookup } from '../ports/cache.ts';
import type { Clock } from '../clock.ts';
import { canonicalJson, digest } from '../lib/digest.ts';
import type { Lock } from '../ports/lock.ts';
import { wroteOf } from '../upstream/upstream-scope.ts';
import type { ActiveCall } from './active-call.ts';
import type { ToolRun } from './meter.ts';
import { sharedReads } from './shared-reads.ts';
import { passes, staleAnswer } from './stale-answer.ts';

/** What reads are kept in, and how long. */
export interface ServeCachedOptions {
  readonly cache: Cache;
  /** Keeps replicas from reading the same at once. */
  readonly lock: Lock | undefined;
  readonly clock: Clock;
  /** How long after its `ttlMs` an answer may stand in for one that fails. */
  readonly staleIfErrorMs: number;
}

type Run = (active: ActiveCall) => Promise<ToolRun>;

// A replica that died, or whose read takes this long, is no longer waited for.
const lockMs = 5_000;
const askEveryMs = 50;

/**
 * Makes the step that answers a read that declares `cache` from an earlier answer to the same question, or from an equal read that runs
 * at the moment, here or in another replica. A write through a connection forgets what was kept of it.
 *
 * A clear after the write is enough, and one before it would add nothing: a read that began before the clear has an older token, so its
 * answer is not kept, and nobody who comes after the clear waits for it.
 */
export function serveCached({ cache, lock, clock, staleIfErrorMs }: ServeCachedOptions, run: Run): Run {
  const reads = sharedReads();

  return (active) => {
    const { entry, request } = active;
    if (entry.effect !== 'read') return writeThrough(active);
    const ttlMs = entry.tool.cache?.ttlMs;
    // What a person answered is part of the question, and in no key.
    if (ttlMs === undefined || Object.keys(request.answers ?? {}).length > 0) return run(active);
    return readThrough(active, ttlMs);
  };

  async function writeThrough(active: ActiveCall): Promise<ToolRun> {
    try {
      return await run(active);
    } finally {
      if (wroteOf(active.upstream) !== 'no') await unlessAway(active, cache.clear(active.call.connection));
    }
  }

  async function readThrough(active: ActiveCall, ttlMs: number): Promise<ToolRun> {
    const { call, limit, log } = active;
    const scope = call.connection;
    const tried = <T>(work: Promise<T>) => unlessAway(active, work);
    const key = keyOf(active);
    const look = async (): Promise<CacheLookup> => (await tried(cache.get(scope, key))) ?? { token: undefined };
    const fresh = ({ kept }: CacheLookup): ToolRun | undefined =>
      kept && kept.ageMs < ttlMs ? { answer: kept.answer, cached: true } : undefined;

    const keepMs = ttlMs + staleIfErrorMs;
    const read = async (token: string | undefined): Promise<ToolRun> => {
      const ran = await run(active);
      if (token !== undefined) await tried(cache.set(scope, key, ran.answer, { token, keepMs }));
      return ran;
    };

    /** Reads, unless another replica does so: then waits for its answer, but for no more than half of what is left of this call. */
    const readOnce = async (shared: Lock, first: string): Promise<ToolRun> => {
      const leftMs = Math.max(0, active.limit.deadlineAt - clock.now());
      const impatientAt = clock.now() + leftMs / 2;
      let token: string | undefined = first;
      for (;;) {
        const release = await shared.take(`read:${JSON.stringify([scope, key, token])}`, Math.min(lockMs, leftMs));
        try {
          // Looked at with the lock in hand: who had it before has kept its answer by now.
          const now = await look();
          const found = fresh(now);
          if (found) return found;
          if (release || clock.now() >= impatientAt) return await read(now.token);
          token = now.token;
        } finally {
          release?.();
        }
        await clock.sleep(askEveryMs, limit.signal);
      }
    };

    try {
      const now = await look();
      const found = fresh(now);
      if (found) return found;
      const { token } = now;
      if (token === undefined) return await run(active);
      return await reads.share(JSON.stringify([scope, key, token]), limit.signal, () => (lock ? readOnce(lock, token) : read(token)));
    } catch (error) {
      if (staleIfErrorMs <= 0 || !passes(error)) throw error;
      // Looked at again: a write may have cleared it while this read failed.
      const { kept } = await look();
      if (!kept || kept.ageMs >= keepMs) throw error;
      log.warn({ code: error.code, ageMs: kept.ageMs }, 'a read failed and was answered with an older answer');
      return { answer: staleAnswer(kept.answer, kept.ageMs, error), cached: true };
    }
  }
}

/** A cache that is away costs time, and no call: above all not one whose write is done. */
async function unlessAway<T>({ log }: ActiveCall, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (err) {
    log.warn({ err }, 'the cache failed');
    return undefined;
  }
}

/**
 * Who asks what, of which settings; the connection itself is the scope. Other settings may see other records, another role may be shown
 * other fields, and another version of the tool may mean something else by the same answer.
 */
function keyOf({ call: { principal }, entry, input, open }: ActiveCall): string {
  const { tenant, roles, toolsets } = principal;
  return digest(canonicalJson([tenant, roles.toSorted(), toolsets?.toSorted(), open.connection.version, entry.version, input]));
}
