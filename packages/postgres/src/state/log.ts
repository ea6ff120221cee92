import { ToolError, type Entry, type LogSpec, type StateLog } from '@busbar/core';
import { sql, type Transaction } from 'kysely';
import { stateFull, toName, type Change, type Scopes } from './scopes.ts';
import type { Tables } from '../database/tables.ts';

const maxPage = 1_000;
// PostgreSQL takes at most 65,535 parameters in a statement, and an entry has six.
const maxRows = 1_000;
// Opening an entry takes some 20 µs. No other work of the process waits for more than this many.
const openedAtOnce = 100;

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

type Parse<T> = (value: unknown) => { readonly success: true; readonly data: T } | { readonly success: false };

/** A log in a scope. See `postgresState`. `parse` validates an entry against the log's schema. */
export function stateLog<T>(scopes: Scopes, scope: string, spec: Omit<LogSpec, 'entry'>, parse: Parse<T>): StateLog<T> {
  const { db, seal } = scopes;
  const nameOf = (text: string) => toName(scope, spec.name, text);
  const locationOf = (name: string) => [scope, 'entry', spec.name, name];

  const toRow = (name: string, { id, key, value: json }: Entry<string>) => {
    const size = scopes.measure(id + (key ?? ''), json);
    const sealed = seal.seal(`[${JSON.stringify(id)},${JSON.stringify(key ?? null)},${json}]`, locationOf(name));
    return { scope, log: spec.name, id: name, key: key === undefined ? null : nameOf(key), size, sealed };
  };

  async function entryCount(trx: Transaction<Tables>): Promise<number> {
    const log = await trx
      .selectFrom('state_logs')
      .select('entries')
      .where('scope', '=', scope)
      .where('log', '=', spec.name)
      .executeTakeFirst();
    return log?.entries ?? 0;
  }

  /** Writes the new number of entries and returns the change: a log counts as an item unless it is empty. */
  async function writeCount<R>(trx: Transaction<Tables>, before: number, entries: number, bytes: number, result: R): Promise<Change<R>> {
    if (entries === 0) await trx.deleteFrom('state_logs').where('scope', '=', scope).where('log', '=', spec.name).execute();
    else
      await trx
        .insertInto('state_logs')
        .values({ scope, log: spec.name, entries })
        .onConflict((conflict) => conflict.columns(['scope', 'log']).doUpdateSet({ entries }))
        .execute();
    return { result, items: Math.sign(entries) - Math.sign(before), bytes };
  }

  async function oldest(trx: Transaction<Tables>, limit: number): Promise<string[]> {
    const rows = await trx
      .selectFrom('state_entries')
      .select('id')
      .where('scope', '=', scope)
      .where('log', '=', spec.name)
      .orderBy('position')
      .limit(limit)
      .execute();
    return rows.map(({ id }) => id);
  }

  async function removeRows(
    trx: Transaction<Tables>,
    names: readonly string[],
    upTo?: string,
  ): Promise<{ removed: number; bytes: number }> {
    const removed = await trx
      .deleteFrom('state_entries')
      .where('id', '=', sql<string>`any(${names}::text[])`)
      .$if(upTo !== undefined, (query) => query.where('position', '<=', upTo ?? ''))
      .returning('size')
      .execute();
    return { removed: removed.length, bytes: removed.reduce((sum, { size }) => sum + size, 0) };
  }

  /** With `upTo`, an entry that was appended after this position stays, even if it has one of these names. */
  async function remove(names: readonly string[], upTo?: string): Promise<void> {
    if (names.length === 0) return;
    await scopes.change(scope, async (trx) => {
      const before = await entryCount(trx);
      const { removed, bytes } = await removeRows(trx, names, upTo);
      return writeCount(trx, before, before - removed, -bytes, undefined);
    });
  }

  const readRows = (after: string, limit: number, key: string | undefined) =>
    scopes.run(() =>
      db
        .selectFrom('state_entries')
        .select(['id', 'sealed', sql<string>`position::text`.as('position')])
        .where('scope', '=', scope)
        .where('log', '=', spec.name)
        .where('position', '>', after)
        .$if(key !== undefined, (query) => query.where('key', '=', nameOf(key ?? '')))
        .orderBy('state_entries.position')
        .limit(limit)
        .execute(),
    );

  async function readPage({ limit, after = '0', key }: Parameters<StateLog<T>['read']>[0]): ReturnType<StateLog<T>['read']> {
    if (!/^\d{1,18}$/.test(after))
      throw new ToolError('INVALID_INPUT', 'This page position does not belong to this log. Start again without it.');
    const most = Math.min(Math.max(1, limit), maxPage);
    const entries: Entry<T>[] = [];
    const misfits: string[] = [];
    let last = after;
    let more = true;
    while (more && entries.length < most) {
      const wanted = most - entries.length;
      const rows = await readRows(last, wanted + 1, key);
      more = rows.length > wanted;
      for (const [index, row] of rows.slice(0, wanted).entries()) {
        if (index > 0 && index % openedAtOnce === 0) await nextTurn();
        const [id, ownKey, value] = JSON.parse(seal.open(row.sealed, locationOf(row.id))) as [string, string | null, unknown];
        const parsed = parse(value);
        if (parsed.success) entries.push({ id, key: ownKey ?? undefined, value: parsed.data });
        else misfits.push(row.id);
        last = row.position;
      }
    }
    // As with a value: an entry that no longer fits the schema is removed, or it would take up room forever.
    await remove(misfits, last);
    return { entries, ...(more && { next: last }) };
  }

  return {
    async append(entries) {
      const fresh = new Map<string, Entry<string>>();
      for (const { id, key, value } of entries) {
        const name = nameOf(id);
        if (!fresh.has(name)) fresh.set(name, { id, key, value: JSON.stringify(value) ?? 'null' });
      }
      return scopes.change(scope, async (trx) => {
        const known = await trx
          .selectFrom('state_entries')
          .select('id')
          .where('id', '=', sql<string>`any(${[...fresh.keys()]}::text[])`)
          .execute();
        for (const { id } of known) fresh.delete(id);
        const before = await entryCount(trx);
        if (fresh.size === 0) return { result: { size: before }, items: 0, bytes: 0 };

        const excess = Math.max(0, before + fresh.size - spec.max);
        if (excess > 0 && spec.whenFull === 'refuse') throw stateFull(`The ${spec.name} holds ${before} of ${spec.max} entries.`);
        const rows = Array.from(fresh, ([name, entry]) => toRow(name, entry));
        // Drops the oldest entries of the log, and then, if one append has more entries than the log may hold, the first of those.
        const { removed, bytes } = excess > 0 ? await removeRows(trx, await oldest(trx, excess)) : { removed: 0, bytes: 0 };
        const staying = rows.slice(excess - removed);
        for (let at = 0; at < staying.length; at += maxRows)
          await trx
            .insertInto('state_entries')
            .values(staying.slice(at, at + maxRows))
            .execute();
        const size = before - removed + staying.length;
        const added = staying.reduce((sum, row) => sum + row.size, 0);
        return writeCount(trx, before, size, added - bytes, { size });
      });
    },

    read: (page) => (page.limit > openedAtOnce ? scopes.inTurn(scope, () => readPage(page)) : readPage(page)),

    remove: (ids) => remove(ids.map(nameOf)),
  };
}
