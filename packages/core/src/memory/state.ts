import type { State, StateStore } from '../connector/state.ts';
import { memoryScopes, stateFull, type ScopeLimits, type Scopes } from './scope.ts';
import { memoryStateLog } from './state-log.ts';

/**
 * Limits of {@link memoryState}. A write over a limit is refused with STATE_FULL. `maxKeys` limits the keys and logs of one scope (default
 * 1,000). `maxValueBytes` limits one value or log entry with its key (default 64 KiB). `maxScopes` limits the non-empty scopes (default
 * 10,000). `maxBytes` limits all scopes together (default 256 MiB).
 */
export type MemoryStateOptions = Partial<ScopeLimits>;

/** Keeps state in this process. A restart loses it. */
export function memoryState({
  maxKeys = 1_000,
  maxValueBytes = 64 * 1024,
  maxScopes = 10_000,
  maxBytes = 256 * 1024 * 1024,
}: MemoryStateOptions = {}): StateStore {
  const scopes = memoryScopes({ maxKeys, maxValueBytes, maxScopes, maxBytes });
  return { open: (scope) => memoryScope(scopes, scope) };
}

function memoryScope(scopes: Scopes, scope: string): State {
  const find = (key: string) => scopes.find(scope)?.values.get(key);
  const remove = (key: string) => scopes.change(scope, -(find(key)?.size ?? 0), ({ values }) => void values.delete(key));
  return {
    async get(key, schema) {
      const stored = find(key);
      if (!stored) return undefined;
      const parsed = schema.safeParse(JSON.parse(stored.json));
      if (parsed.success) return { value: parsed.data, version: String(stored.serial) };
      // Remove a value that no longer fits. Otherwise a `set` that requires an absent key could never succeed.
      remove(key);
      return undefined;
    },
    async set(key, value, version) {
      const old = find(key);
      if (version !== (old && String(old.serial))) return false;
      if (value === undefined) {
        remove(key);
        return true;
      }
      const stored = scopes.pack(key, JSON.stringify(value) ?? 'null');
      scopes.change(scope, stored.size - (old?.size ?? 0), ({ values, logs }) => {
        if (!old && values.size + logs.size >= scopes.limits.maxKeys)
          throw stateFull(`There are ${scopes.limits.maxKeys} keys and logs already.`);
        values.set(key, stored);
      });
      return true;
    },
    log: (spec) => memoryStateLog(scopes, scope, spec),
  };
}
