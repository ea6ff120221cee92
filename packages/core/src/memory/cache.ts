import type { Cache } from '../cache.ts';
import { systemClock, type Clock } from '../clock.ts';
import type { Answer } from '../content.ts';

/** How much a {@link memoryCache} keeps. */
export interface MemoryCacheOptions {
  /** The most answers. The one that was not asked for the longest makes room. Default 1,000. */
  readonly maxEntries?: number;
  /** The most that they may take together, in bytes. A larger answer is not kept. Default 64 MiB. */
  readonly maxBytes?: number;
  readonly clock?: Clock;
}

/** Answers of read tools in this process. What it gives is frozen, since callers share it. */
export function memoryCache({ maxEntries = 1_000, maxBytes = 64 * 1024 * 1024, clock = systemClock }: MemoryCacheOptions = {}): Cache {
  // In the order of use, so that the first is the one to go.
  const entries = new Map<string, { readonly scope: string; readonly answer: Answer; readonly bytes: number; readonly until: number }>();
  let bytes = 0;

  function forget(id: string): void {
    bytes -= entries.get(id)?.bytes ?? 0;
    entries.delete(id);
  }

  return {
    async get(scope, key) {
      const id = JSON.stringify([scope, key]);
      const entry = entries.get(id);
      if (!entry) return undefined;
      if (clock.now() >= entry.until) {
        forget(id);
        return undefined;
      }
      entries.delete(id);
      entries.set(id, entry);
      return entry.answer;
    },
    async set(scope, key, answer, ttlMs) {
      const id = JSON.stringify([scope, key]);
      forget(id);
      const json = JSON.stringify(answer);
      // A character takes two bytes at most.
      const size = 2 * json.length;
      if (ttlMs <= 0 || size > maxBytes) return;
      const copy = JSON.parse(json, (_key, part: unknown) => Object.freeze(part)) as Answer;
      entries.set(id, { scope, answer: copy, bytes: size, until: clock.now() + ttlMs });
      bytes += size;
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && bytes <= maxBytes) return;
        forget(oldest);
      }
    },
    async clear(scope) {
      for (const [id, entry] of entries) if (entry.scope === scope) forget(id);
    },
  };
}
