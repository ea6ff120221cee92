import { z } from 'zod';
import { memoryState, ToolError, type LogSpec, type State, type StateLog, type StateStore } from '../../../src/index.ts';
import type { OpenedStore, StateCheckLimits } from '../../../src/testing/index.ts';

const anything = z.unknown();
const all = { limit: 1_000 };

/** Makes a broken store. */
export type Mutate = (limits: StateCheckLimits) => Omit<OpenedStore<StateStore>, 'close'>;

/** A store whose states have some broken methods. */
const states =
  (differ: (state: State, limits: StateCheckLimits) => Partial<State>): Mutate =>
  (limits) => {
    const good = memoryState(limits);
    const opened = new Map<string, State>();
    const open = (scope: string) => {
      const state = opened.get(scope) ?? { ...good.open(scope), ...differ(good.open(scope), limits) };
      opened.set(scope, state);
      return state;
    };
    return { first: { open } };
  };

/** A store whose logs have some broken methods. */
const logs = (differ: (log: StateLog<any>, spec: LogSpec<any>, state: State) => Partial<StateLog<any>>): Mutate =>
  states((state) => ({ log: (spec) => ({ ...state.log(spec), ...differ(state.log(spec), spec, state) }) }));

const without =
  (limit: keyof StateCheckLimits): Mutate =>
  ({ [limit]: _, ...limits }) => ({ first: memoryState(limits) });

/** Sets a value at any version. */
async function force(state: State, key: string, value: unknown): Promise<boolean> {
  while (!(await state.set(key, value, (await state.get(key, anything))?.version)));
  return true;
}

/** Broken stores by their fault, each with a check that must catch it. */
export const mutants: Record<string, { readonly mutate: Mutate; readonly caughtBy: string }> = {
  'ignores the version when it sets a value': {
    mutate: states((state) => ({ set: async (key, value) => force(state, key, value) })),
    caughtBy: 'changes a value with the version that was read, and with no other',
  },
  'overwrites a value that should be absent': {
    mutate: states((state) => ({
      set: async (key, value, version) => (version === undefined ? force(state, key, value) : state.set(key, value, version)),
    })),
    caughtBy: 'sets an absent key once',
  },
  'ignores the version when it removes a value': {
    mutate: states((state) => ({
      set: async (key, value, version) => (value === undefined ? force(state, key, value) : state.set(key, value, version)),
    })),
    caughtBy: 'removes a value with the version that was read, and with no other',
  },
  'uses the value as its version': {
    mutate: states((state) => {
      const get: State['get'] = async (key, schema) => {
        const read = await state.get(key, schema);
        return read && { value: read.value, version: JSON.stringify(read.value) };
      };
      return { get, set: async (key, value, version) => (await get(key, anything))?.version === version && force(state, key, value) };
    }),
    caughtBy: 'uses no version twice, not even for an equal value',
  },
  'compares first and sets later': {
    mutate: states((state) => ({
      set: async (key, value, version) => {
        if ((await state.get(key, anything))?.version !== version) return false;
        await Promise.resolve();
        return force(state, key, value);
      },
    })),
    caughtBy: 'lets exactly one of 20 writers set an absent key, change each version, and remove it',
  },
  'returns the object that was written': {
    mutate: states((state) => {
      const written = new Map<string, any>();
      return {
        get: async (key, schema) => {
          const read = await state.get(key, schema);
          return read && { ...read, value: written.get(key) };
        },
        set: async (key, value, version) => {
          written.set(key, value);
          return state.set(key, value, version);
        },
      };
    }),
    caughtBy: 'shares no object with its writers and readers',
  },
  'treats null as absent': {
    mutate: states((state) => ({ set: async (key, value, version) => state.set(key, value ?? undefined, version) })),
    caughtBy: 'stores values as JSON, null included',
  },
  'returns a value as it was stored, without its schema': {
    mutate: states((state) => ({
      get: async (key, schema) => {
        const read = await state.get(key, schema);
        const stored = await state.get(key, anything);
        return read && { ...read, value: stored?.value as typeof read.value };
      },
    })),
    caughtBy: 'returns a value as its schema parses it',
  },
  'keeps a value that no longer fits its schema': {
    mutate: states((state) => ({
      get: async (key, schema) => {
        const stored = await state.get(key, anything);
        const parsed = schema.safeParse(stored?.value);
        return stored && parsed.success ? { ...stored, value: parsed.data } : undefined;
      },
    })),
    caughtBy: 'frees the key of a value that no longer fits its schema',
  },
  'fails on a value that no longer fits its schema': {
    mutate: states((state) => ({
      get: async (key, schema) => {
        const stored = await state.get(key, anything);
        return stored && { ...stored, value: schema.parse(stored.value) };
      },
    })),
    caughtBy: 'removes a value that no longer fits its schema, so that the key can be set again',
  },
  'keeps all scopes in one': {
    mutate: (limits) => {
      const good = memoryState(limits);
      return { first: { open: () => good.open('one') } };
    },
    caughtBy: 'keeps scopes apart',
  },
  'ignores the case of scopes': {
    mutate: (limits) => {
      const good = memoryState(limits);
      return { first: { open: (scope) => good.open(scope.toLowerCase()) } };
    },
    caughtBy: 'keeps scopes apart',
  },
  'keeps all logs in one': {
    mutate: states((state) => ({ log: (spec) => state.log({ ...spec, name: 'one' }) })),
    caughtBy: 'keeps a value and a log of the same name apart',
  },
  'encodes keys as UTF-8': {
    mutate: states((state) => ({
      get: async (key, schema) => state.get(key.toWellFormed(), schema),
      set: async (key, value, version) => state.set(key.toWellFormed(), value, version),
    })),
    caughtBy: 'accepts any text as a key, an id and an entry’s key',
  },
  'returns the newest entries first': {
    mutate: logs((log) => ({
      read: async (page) => {
        const read = await log.read(page);
        return { ...read, entries: read.entries.toReversed() };
      },
    })),
    caughtBy: 'a log keeps the order of appending',
  },
  'appends an id again': {
    mutate: logs((log) => ({
      append: async (entries) => log.append(entries.map((entry) => ({ ...entry, id: `${entry.id} ${Math.random()}` }))),
      read: async (page) => {
        const read = await log.read(page);
        return { ...read, entries: read.entries.map((entry) => ({ ...entry, id: entry.id.replace(/ [^ ]*$/, '') })) };
      },
    })),
    caughtBy: 'accepts one of 20 appends of the same id',
  },
  'keeps the last entry of an id instead of the first': {
    mutate: logs((log) => ({
      append: async (entries) => {
        await log.remove(entries.map(({ id }) => id));
        return log.append(entries);
      },
    })),
    caughtBy: 'a log accepts an id once and says how many entries it holds',
  },
  'says how many were appended': {
    mutate: logs((log) => ({
      append: async (entries) => {
        await log.append(entries);
        return { size: entries.length };
      },
    })),
    caughtBy: 'a log accepts an id once and says how many entries it holds',
  },
  'appends one by one': {
    mutate: logs((log) => ({
      append: async (entries) => {
        let size = (await log.append([])).size;
        for (const entry of entries) ({ size } = await log.append([entry]));
        return { size };
      },
    })),
    caughtBy: 'a full log that refuses stores nothing of an append that does not fit whole',
  },
  'drops entries when it should refuse': {
    mutate: states((state) => ({ log: (spec) => state.log({ ...spec, whenFull: 'drop-oldest' }) })),
    caughtBy: 'a log that refuses accepts as many of 20 appends as fit, each whole',
  },
  'refuses when it should drop entries': {
    mutate: states((state) => ({ log: (spec) => state.log({ ...spec, whenFull: 'refuse' }) })),
    caughtBy: 'a full log that drops its oldest entries keeps the newest, even of one append',
  },
  'has no maximum for a log': {
    mutate: states((state) => ({ log: (spec) => state.log({ ...spec, max: 1_000_000 }) })),
    caughtBy: 'a log that drops its oldest entries stays within its maximum over 20 appends, each whole and in order',
  },
  'uses the count of entries as a position': {
    mutate: logs((log) => ({
      read: async ({ limit, after = '0', key }) => {
        const { entries } = await log.read({ ...all, key });
        const end = Number(after) + Math.max(1, limit);
        return { entries: entries.slice(Number(after), end), ...(end < entries.length && { next: `${end}` }) };
      },
    })),
    caughtBy: 'a log pages to its end, and a position stays valid when entries are removed',
  },
  'restarts its positions when a log is empty': {
    mutate: logs((log) => ({ read: async (page) => ((await log.read(all)).entries.length === 1 ? { entries: [] } : log.read(page)) })),
    caughtBy: 'a position stays valid when the log was empty in between',
  },
  'filters a page only after reading it': {
    mutate: logs((log) => ({
      read: async ({ key, ...page }) => {
        const read = await log.read(page);
        return { ...read, entries: read.entries.filter((entry) => key === undefined || entry.key === key) };
      },
    })),
    caughtBy: 'a log filters by key across pages',
  },
  'starts from the beginning at a position that it never returned': {
    mutate: logs((log) => ({
      read: async ({ after, ...page }) => log.read({ ...page, after: Number.isNaN(Number(after)) ? undefined : after }),
    })),
    caughtBy: 'a log refuses a position that it never returned',
  },
  'returns an empty page for a limit of 0': {
    mutate: logs((log) => ({ read: async (page) => (page.limit === 0 ? { entries: [] } : log.read(page)) })),
    caughtBy: 'a page has at least one entry and at most a thousand',
  },
  'keeps entries that no longer fit their schema': {
    mutate: logs((_, spec, state) => ({
      read: async (page) => {
        const read = await state.log({ ...spec, entry: anything }).read(page);
        return { ...read, entries: read.entries.filter(({ value }) => spec.entry.safeParse(value).success) };
      },
    })),
    caughtBy: 'a log skips entries that no longer fit their schema, and does not count them',
  },
  'returns the entries that were written': {
    mutate: logs((log) => {
      const written = new Map<string, unknown>();
      return {
        append: async (entries) => {
          for (const { id, value } of entries) written.set(id, value);
          return log.append(entries);
        },
        read: async (page) => {
          const read = await log.read(page);
          return { ...read, entries: read.entries.map((entry) => ({ ...entry, value: written.get(entry.id) })) };
        },
      };
    }),
    caughtBy: 'a log shares no object with its writers and readers',
  },
  'fails to remove an entry that does not exist': {
    mutate: logs((log) => ({
      remove: async (ids) => {
        const { entries } = await log.read(all);
        if (!ids.every((id) => entries.some((entry) => entry.id === id))) throw new ToolError('NOT_FOUND', 'No such entry.');
        return log.remove(ids);
      },
    })),
    caughtBy: 'removing from a log that does not exist does nothing',
  },
  'removes a value before it checks whether the new one fits': {
    mutate: states((state) => ({
      set: async (key, value, version) => {
        if (version === undefined || value === undefined) return state.set(key, value, version);
        return (await state.set(key, undefined, version)) && state.set(key, value, undefined);
      },
    })),
    caughtBy: 'refuses a value over the limit in bytes and keeps the previous value',
  },
  'drops entries of a log before it checks whether the new ones fit': {
    mutate: logs((log, { max }) => ({
      append: async (entries) => {
        const held = (await log.read(all)).entries;
        await log.remove(held.slice(0, Math.max(0, held.length + entries.length - max)).map(({ id }) => id));
        return log.append(entries);
      },
    })),
    caughtBy: 'refuses a whole append if one entry is over the limit in bytes, even if the log drops its oldest entries',
  },
  'refuses with another code': {
    mutate: states((state) => ({
      set: async (key, value, version) =>
        state.set(key, value, version).catch(() => {
          throw new ToolError('OVERLOADED', 'Full.');
        }),
    })),
    caughtBy: 'refuses one key or log too many, still changes existing ones, and accepts a new one after a removal',
  },
  'has no limit for a value': {
    mutate: without('maxValueBytes'),
    caughtBy: 'refuses a value over the limit in bytes and keeps the previous value',
  },
  'has no limit for keys': { mutate: without('maxKeys'), caughtBy: 'counts keys correctly for 20 writers' },
  'has no limit for scopes': {
    mutate: without('maxScopes'),
    caughtBy: 'refuses one scope too many, and does not count empty scopes',
  },
  'has no limit for all bytes': {
    mutate: without('maxBytes'),
    caughtBy: 'refuses a write over the limit for all bytes, and frees the bytes of replaced and removed values',
  },
  'frees no bytes': {
    mutate: states((state, { maxBytes = Infinity }) => {
      let written = 0;
      return {
        log: (spec) => ({
          ...state.log(spec),
          append: async (entries) => {
            written += JSON.stringify(entries).length;
            if (written > 20 * maxBytes) throw new ToolError('STATE_FULL', 'Full.');
            return state.log(spec).append(entries);
          },
        }),
      };
    }),
    caughtBy: 'frees the bytes of dropped and removed entries',
  },
  'has replicas that share nothing': {
    mutate: (limits) => ({ first: memoryState(limits), second: memoryState(limits) }),
    caughtBy: 'loses none of 20 increments',
  },
};
