/** How many may stand in a {@link fairQueue}. */
export interface FairQueueOptions {
  readonly max: number;
  /** Of one user. */
  readonly maxPerUser: number;
}

/** A line in which users take turns, and each user's own stand in the order of their coming. */
export interface FairQueue<T> {
  readonly length: number;
  /** Puts one at the end of its user's. Says which bound it would break, and then does nothing. */
  join(user: string, one: T): 'joined' | 'full' | 'user-full';
  /** Whose turn it is. */
  first(): T | undefined;
  /** Takes one out, wherever it stands, at the cost of no other. */
  leave(user: string, one: T): void;
  /** Takes the first out: its user has had a turn and goes behind all others. */
  next(): T | undefined;
  /** In no promised order. */
  all(): readonly T[];
}

/** Makes a line that is empty. */
export function fairQueue<T>({ max, maxPerUser }: FairQueueOptions): FairQueue<T> {
  // In the order of turns: who had one goes to the end.
  const users = new Map<string, T[]>();
  let length = 0;
  return {
    get length() {
      return length;
    },
    join(user, one) {
      const own = users.get(user) ?? [];
      if (length >= max) return 'full';
      if (own.length >= maxPerUser) return 'user-full';
      own.push(one);
      users.set(user, own);
      length += 1;
      return 'joined';
    },
    first() {
      for (const own of users.values()) return own[0];
      return undefined;
    },
    leave(user, one) {
      const own = users.get(user) ?? [];
      const at = own.indexOf(one);
      if (at < 0) return;
      own.splice(at, 1);
      length -= 1;
      if (own.length === 0) users.delete(user);
    },
    next() {
      for (const [user, own] of users) {
        const one = own.shift();
        length -= 1;
        users.delete(user);
        if (own.length > 0) users.set(user, own);
        return one;
      }
      return undefined;
    },
    all: () => [...users.values()].flat(),
  };
}
