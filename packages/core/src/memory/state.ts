import type { State, StateStore } from '../connector/state.ts';
import { memoryScopes, stateFull, type ScopeLimits, type Scopes } from './scope.ts';
import { memoryStateLog } from './state-log.ts';

/**
 * How much a {@link memoryState} keeps; what does not fit is refused with STATE_FULL. `maxKeys` (keys and logs of one scope, default
 * 1,000), `maxValueBytes` (one value or log entry with its key, default 64 KiB), `maxScopes` (scopes that hold something, default
 * 10,000), `maxBytes` (all of it together, default 256 MiB).
 */
export type MemoryStateOptions = Partial<ScopeLimits>;

/** State in this process. A restart forgets it. */
export function memoryState({
  maxKeys = 1_000,
  maxValueBytes = 64 * 1024,
  maxScopes = 10_000,
  maxBytes = 256 * 1024 * 1024,
}: MemoryStateOptions = {}): StateStore {
  const shelves = memoryScopes({ maxKeys, maxValueBytes, maxScopes, maxBytes });
  return { open: (scope) => memoryScope(shelves, scope) };
}

function memoryScope(shelves: Scopes, scope: string): State {
  const find = (key: string) => shelves.find(scope)?.values.get(key);
  const remove = (key: string) => shelves.change(scope, -(find(key)?.size ?? 0), ({ values }) => void values.delete(key));
  return {
    async get(key, schema) {
      const stored = find(key);
      if (!stored) return undefined;
      const parsed = schema.safeParse(JSON.parse(stored.json));
      if (parsed.success) return { value: parsed.data, version: String(stored.serial) };
      // What no longer fits is gone for good, or a `set` that says "only if absent" could never succeed.
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
      const stored = shelves.pack(key, JSON.stringify(value) ?? 'null');
      shelves.change(scope, stored.size - (old?.size ?? 0), ({ values, logs }) => {
        if (!old && values.size + logs.size >= shelves.limits.maxKeys)
          throw stateFull(`There are ${shelves.limits.maxKeys} keys and logs already.`);
        values.set(key, stored);
      });
      return true;
    },
    log: (spec) => memoryStateLog(shelves, scope, spec),
  };
}
