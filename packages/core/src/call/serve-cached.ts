import type { Clock } from '../clock.ts';
import { canonicalJson, digest } from '../lib/digest.ts';
import type { Cache, CacheLookup } from '../ports/cache.ts';
import type { Lock } from '../ports/lock.ts';
import { wroteOf } from '../upstream/upstream-scope.ts';
import type { ActiveCall } from './active-call.ts';
import type { ToolRun } from './meter.ts';
import { sharedReads } from './shared-reads.ts';
import { passes, staleAnswer } from './stale-answer.ts';

/** Options for {@link CachedReads}. */
export interface CachedReadsOptions {
  readonly cache: Cache;
  /** Keeps replicas from running equal reads at the same time. */
  readonly lock: Lock | undefined;
  readonly clock: Clock;
  /** How long after its `ttlMs` has passed an answer may still replace an error, in milliseconds. */
  readonly staleIfErrorMs: number;
}

type Run = (active: ActiveCall) => Promise<ToolRun>;

// A call waits no longer than this for another replica's read, because that replica may have died.
const lockMs = 5_000;
const lockRetryMs = 50;

/**
 * Runs calls. A read that declares `cache` can be answered from an earlier answer to the same question, or from an equal read that is
 * running at the same time, in this replica or in another. A write clears its connection's cached answers.
 *
 * Clearing only after the write is enough. A read that began before the clear has an older token, so its answer is not kept, and callers
 * that come after the clear do not wait for it.
 */
export class CachedReads {
  readonly #options: CachedReadsOptions;
  readonly #run: Run;
  readonly #reads = sharedReads();

  constructor(options: CachedReadsOptions, run: Run) {
    this.#options = options;
    this.#run = run;
  }

  run(active: ActiveCall): Promise<ToolRun> {
    const { entry, request } = active;
    if (entry.effect !== 'read') return this.#write(active);
    const ttlMs = entry.tool.cache?.ttlMs;
    // A person's answers are part of the question, but not of the key.
    if (ttlMs === undefined || Object.keys(request.answers ?? {}).length > 0) return this.#run(active);
    return this.#read({ active, ttlMs, key: keyOf(active) });
  }

  async #write(active: ActiveCall): Promise<ToolRun> {
    try {
      return await this.#run(active);
    } finally {
      if (wroteOf(active.upstream) !== 'no') await orUndefined(active, this.#options.cache.clear(active.call.connection));
    }
  }

  async #read(read: CachedRead): Promise<ToolRun> {
    const { active, ttlMs, key } = read;
    const { lock, staleIfErrorMs } = this.#options;
    try {
      const lookup = await this.#look(read);
      const found = freshAnswer(lookup, ttlMs);
      if (found) return found;
      const { token } = lookup;
      if (token === undefined) return await this.#run(active);
      const sharedKey = JSON.stringify([active.call.connection, key, token]);
      return await this.#reads.share(sharedKey, active.limit.signal, () =>
        lock ? this.#runUnderLock(lock, read, token) : this.#runAndKeep(read, token),
      );
    } catch (error) {
      if (staleIfErrorMs <= 0 || !passes(error)) throw error;
      // A second look-up, because a write may have cleared the answer while this read failed.
      const { kept } = await this.#look(read);
      if (!kept || kept.ageMs >= ttlMs + staleIfErrorMs) throw error;
      active.log.warn({ code: error.code, ageMs: kept.ageMs }, 'a read failed and was answered with an older answer');
      return { answer: staleAnswer(kept.answer, kept.ageMs, error), cached: true };
    }
  }

  /**
   * Runs the read, unless another replica is running an equal read. In that case it waits for the other replica's answer, for at most half
   * of the time that this call has left.
   */
  async #runUnderLock(lock: Lock, read: CachedRead, firstToken: string): Promise<ToolRun> {
    const { clock } = this.#options;
    const { active, ttlMs, key } = read;
    const leftMs = Math.max(0, active.limit.deadlineAt - clock.now());
    const waitUntil = clock.elapsed() + leftMs / 2;
    let token: string | undefined = firstToken;
    for (;;) {
      const release = await lock.take(`read:${JSON.stringify([active.call.connection, key, token])}`, Math.min(lockMs, leftMs));
      try {
        // Looks again with the lock held, because the lock's previous holder may have kept its answer by now.
        const lookup = await this.#look(read);
        const found = freshAnswer(lookup, ttlMs);
        if (found) return found;
        if (release || clock.elapsed() >= waitUntil) return await this.#runAndKeep(read, lookup.token);
        token = lookup.token;
      } finally {
        release?.();
      }
      await clock.sleep(lockRetryMs, active.limit.signal);
    }
  }

  async #runAndKeep({ active, ttlMs, key }: CachedRead, token: string | undefined): Promise<ToolRun> {
    const { cache, staleIfErrorMs } = this.#options;
    const run = await this.#run(active);
    if (token !== undefined)
      await orUndefined(active, cache.set(active.call.connection, key, run.answer, { token, keepMs: ttlMs + staleIfErrorMs }));
    return run;
  }

  async #look({ active, key }: CachedRead): Promise<CacheLookup> {
    return (await orUndefined(active, this.#options.cache.get(active.call.connection, key))) ?? { token: undefined };
  }
}

/** A read that declares `cache`. Its scope in the cache is its connection. */
interface CachedRead {
  readonly active: ActiveCall;
  readonly ttlMs: number;
  readonly key: string;
}

function freshAnswer({ kept }: CacheLookup, ttlMs: number): ToolRun | undefined {
  return kept && kept.ageMs < ttlMs ? { answer: kept.answer, cached: true } : undefined;
}

/** Logs a failure of the cache. Such a failure may cost time but must not make a call fail, least of all a call whose write is done. */
async function orUndefined<T>({ log }: ActiveCall, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (err) {
    log.warn({ err }, 'the cache failed');
    return undefined;
  }
}

/**
 * The key of a read within its connection: caller, settings, tool and input. Other settings may reach other records, another role may see
 * other fields, and another version of the tool may give the same answer another meaning.
 */
function keyOf({ call: { principal }, entry, input, open }: ActiveCall): string {
  const { tenant, roles, toolsets } = principal;
  return digest(canonicalJson([tenant, roles.toSorted(), toolsets?.toSorted(), open.connection.version, entry.version, input]));
}
