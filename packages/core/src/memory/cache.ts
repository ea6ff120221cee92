import type { Cache } from '../ports/cache.ts';
import { answerJson, frozenAnswer } from '../answer-json.ts';
import { systemClock, type Clock } from '../clock.ts';
import type { Answer } from '../content.ts';

/** Options for {@link memoryCache}. */
export interface MemoryCacheOptions {
  /** The most answers to keep. The least recently used answer makes room. Default 1,000. */
  readonly maxEntries?: number | undefined;
  /** The maximum total size of all answers, in bytes. An answer that exceeds this size by itself is not kept. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
  readonly clock?: Clock | undefined;
}

interface Entry {
  readonly scope: string;
  readonly answer: Answer;
  readonly bytes: number;
  readonly keptAt: number;
  readonly until: number;
}

const maxClears = 10_000;

/** Caches the answers of read tools in this process. Answers are frozen, because callers share them. */
export function memoryCache({ maxEntries = 1_000, maxBytes = 64 * 1024 * 1024, clock = systemClock }: MemoryCacheOptions = {}): Cache {
  // In the order of use. The first entry is evicted first.
  const entries = new Map<string, Entry>();
  let bytes = 0;
  // The number of each scope's last clear, in the order of the clears. A scope without an entry counts as cleared with the last dropped
  // entry. That may refuse a valid token, but never accepts an outdated token.
  const cleared = new Map<string, number>();
  let clears = 0;
  let forgotten = 0;

  const tokenOf = (scope: string): string => String(cleared.get(scope) ?? forgotten);

  function forget(id: string): void {
    bytes -= entries.get(id)?.bytes ?? 0;
    entries.delete(id);
  }

  return {
    async get(scope, key) {
      const token = tokenOf(scope);
      const id = JSON.stringify([scope, key]);
      const entry = entries.get(id);
      if (!entry) return { token };
      if (clock.elapsed() >= entry.until) {
        forget(id);
        return { token };
      }
      entries.delete(id);
      entries.set(id, entry);
      return { kept: { answer: entry.answer, ageMs: clock.elapsed() - entry.keptAt }, token };
    },
    async set(scope, key, answer, { token, keepMs }) {
      if (token !== tokenOf(scope)) return;
      const id = JSON.stringify([scope, key]);
      forget(id);
      const json = answerJson(answer);
      // V8 stores a character in two bytes at most.
      const size = 2 * json.length;
      if (keepMs <= 0 || size > maxBytes) return;
      const keptAt = clock.elapsed();
      entries.set(id, { scope, answer: frozenAnswer(json), bytes: size, keptAt, until: keptAt + keepMs });
      bytes += size;
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && bytes <= maxBytes) return;
        forget(oldest);
      }
    },
    async clear(scope) {
      clears += 1;
      cleared.delete(scope);
      cleared.set(scope, clears);
      for (const [oldest, number] of cleared) {
        if (cleared.size <= maxClears) break;
        cleared.delete(oldest);
        forgotten = number;
      }
      for (const [id, entry] of entries) if (entry.scope === scope) forget(id);
    },
  };
}
