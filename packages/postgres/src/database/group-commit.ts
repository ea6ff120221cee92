/** Writes that share transactions. */
export interface GroupCommit<T, R> {
  /**
   * Resolves when the item's batch is durable. The resolved value is a function that returns the result of any item in the batch, because
   * one promise per batch costs less than one per item. Rejects with the write's error, or with `full()` if too many items are waiting.
   */
  add(item: T): Promise<ResultOf<T, R>>;
  /** Resolves when no item is waiting and no write is running. */
  drain(): Promise<void>;
}

/** Returns the result of an item in the written batch. */
export type ResultOf<T, R> = (item: T) => R;

/** How many items may share a write, and how many may wait for one. */
export interface GroupLimits {
  readonly maxBatch: number;
  readonly maxWaiting: number;
  /** The error for an item over `maxWaiting`. */
  full(): Error;
}

const maxTurns = 4;

/** Items that share a write. */
interface Batch<T, R> extends PromiseWithResolvers<ResultOf<T, R>> {
  readonly items: T[];
}

/**
 * Lets items that arrive in one turn of the event loop, or during a write, share the next write. A lone item does not wait for others.
 * Under load, one write carries many items. `write` returns a result for each item.
 */
export function groupCommit<T, R>(write: (items: readonly T[]) => Promise<ResultOf<T, R>>, limits: GroupLimits): GroupCommit<T, R> {
  const waiting: Batch<T, R>[] = [];
  let count = 0;
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      await arrivals();
      const batch = waiting.shift();
      if (!batch) break;
      count -= batch.items.length;
      await write(batch.items).then(batch.resolve, batch.reject);
    }
    writing = undefined;
  }

  /**
   * Clients that receive their answers together call again together, and their calls should share a write. So this function waits for a
   * turn of the event loop, and for further turns, up to a few, while more calls arrive.
   */
  async function arrivals(): Promise<void> {
    let before = 0;
    for (let turns = 0; turns < maxTurns && count > before; turns += 1) {
      before = count;
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  }

  function nextBatch(): Batch<T, R> {
    const last = waiting.at(-1);
    if (last && last.items.length < limits.maxBatch) return last;
    const batch = { ...Promise.withResolvers<(item: T) => R>(), items: [] };
    waiting.push(batch);
    return batch;
  }

  return {
    add(item) {
      if (count >= limits.maxWaiting) return Promise.reject(limits.full());
      count += 1;
      const { items, promise } = nextBatch();
      items.push(item);
      writing ??= writeAll();
      return promise;
    },
    drain: async () => writing,
  };
}
