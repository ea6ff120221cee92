/** Bounds of a {@link fairQueue}. */
export interface FairQueueOptions {
  readonly max: number;
  /** The most entries of one user. */
  readonly maxPerUser: number;
}

/** A queue in which users take turns. The entries of one user keep the order in which they joined. */
export interface FairQueue<T> {
  readonly length: number;
  /** Adds an entry after its user's other entries. If that would exceed a bound, adds nothing and reports which bound. */
  join(user: string, entry: T): 'joined' | 'full' | 'user-full';
  /** Returns the entry whose turn it is. */
  first(): T | undefined;
  /** Removes an entry from any position. All other entries keep their turns. */
  leave(user: string, entry: T): void;
  /** Removes the first entry and returns it. Its user has had a turn and moves behind all other users. */
  next(): T | undefined;
  /** Returns all entries, in no particular order. */
  all(): readonly T[];
}

/** Creates an empty queue. */
export function fairQueue<T>({ max, maxPerUser }: FairQueueOptions): FairQueue<T> {
  // In the order of turns. A user that has had a turn moves to the end.
  const users = new Map<string, T[]>();
  let length = 0;
  return {
    get length() {
      return length;
    },
    join(user, entry) {
      const entries = users.get(user) ?? [];
      if (length >= max) return 'full';
      if (entries.length >= maxPerUser) return 'user-full';
      entries.push(entry);
      users.set(user, entries);
      length += 1;
      return 'joined';
    },
    first() {
      for (const entries of users.values()) return entries[0];
      return undefined;
    },
    leave(user, entry) {
      const entries = users.get(user) ?? [];
      const index = entries.indexOf(entry);
      if (index < 0) return;
      entries.splice(index, 1);
      length -= 1;
      if (entries.length === 0) users.delete(user);
    },
    next() {
      for (const [user, entries] of users) {
        const entry = entries.shift();
        length -= 1;
        users.delete(user);
        if (entries.length > 0) users.set(user, entries);
        return entry;
      }
      return undefined;
    },
    all: () => [...users.values()].flat(),
  };
}
