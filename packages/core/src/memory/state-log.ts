import { ToolError } from '../errors.ts';
import type { Entry, LogSpec, StateLog } from '../connector/state.ts';
import type { z } from 'zod';
import { stateFull, type Scopes, type StoredEntry } from './scope.ts';

const maxPage = 1_000;

/** Opens a log in a scope. See {@link memoryState}. */
export function memoryStateLog<S extends z.ZodType>(scopes: Scopes, scope: string, spec: LogSpec<S>): StateLog<z.output<S>> {
  const find = () => scopes.find(scope)?.logs.get(spec.name);

  function remove(ids: readonly string[]): void {
    const log = find();
    if (!log) return;
    const leaving = new Map<string, StoredEntry>();
    for (const id of ids) {
      const entry = log.get(id);
      if (entry) leaving.set(id, entry);
    }
    scopes.change(scope, -sizeOf(leaving), ({ logs }) => {
      for (const id of leaving.keys()) log.delete(id);
      if (log.size === 0) logs.delete(spec.name);
    });
  }

  return {
    async append(entries) {
      const old = find();
      const fresh = new Map<string, StoredEntry>();
      for (const { id, key, value } of entries) {
        if (old?.has(id) || fresh.has(id)) continue;
        fresh.set(id, { ...scopes.pack(id + (key ?? ''), JSON.stringify(value) ?? 'null'), key });
      }
      if (fresh.size === 0) return { size: old?.size ?? 0 };
      const excess = Math.max(0, (old?.size ?? 0) + fresh.size - spec.max);
      if (excess > 0 && spec.whenFull === 'refuse') throw stateFull(`The ${spec.name} holds ${old?.size ?? 0} of ${spec.max} entries.`);
      // Drop the oldest entries of the log first. If one append exceeds the log's size, then drop the first of the new entries.
      const leaving = new Map(Iterator.from(old ?? []).take(excess));
      for (const id of [...fresh.keys()].slice(0, excess - leaving.size)) fresh.delete(id);
      scopes.change(scope, sizeOf(fresh) - sizeOf(leaving), ({ values, logs }) => {
        if (!old && values.size + logs.size >= scopes.limits.maxKeys)
          throw stateFull(`There are ${scopes.limits.maxKeys} keys and logs already.`);
        const log = old ?? new Map<string, StoredEntry>();
        for (const id of leaving.keys()) log.delete(id);
        for (const [id, entry] of fresh) log.set(id, entry);
        logs.set(spec.name, log);
      });
      return { size: find()?.size ?? 0 };
    },
    async read({ limit, after, key }) {
      const position = after === undefined ? 0 : Number(after);
      if (Number.isNaN(position))
        throw new ToolError('INVALID_INPUT', 'This page position does not belong to this log. Start again without it.');
      const pageSize = Math.min(Math.max(1, limit), maxPage);
      const entries: Entry<z.output<S>>[] = [];
      const misfits: string[] = [];
      let last = position;
      let next: string | undefined;
      for (const [id, stored] of find() ?? []) {
        if (stored.serial <= position || (key !== undefined && stored.key !== key)) continue;
        if (entries.length === pageSize) {
          next = String(last);
          break;
        }
        const parsed = spec.entry.safeParse(JSON.parse(stored.json));
        last = stored.serial;
        if (parsed.success) entries.push({ id, key: stored.key, value: parsed.data });
        else misfits.push(id);
      }
      // Remove entries that no longer fit, as with values. Otherwise they would take up room permanently.
      if (misfits.length > 0) remove(misfits);
      return { entries, ...(next !== undefined && { next }) };
    },
    async remove(ids) {
      remove(ids);
    },
  };
}

function sizeOf(entries: ReadonlyMap<string, StoredEntry>): number {
  let size = 0;
  for (const entry of entries.values()) size += entry.size;
  return size;
}
