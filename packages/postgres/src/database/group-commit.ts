/** Writes that share transactions. */
export interface GroupCommit<T, R> {
  /**
   * What gives each item of its batch its result, once they are durable: one promise for all of them, since calls are many. Rejects as their
   * write did, or with `full()` where too many wait already.
   */
  add(item: T): Promise<ResultOf<T, R>>;
  /** Resolves when nothing is waiting or being written. */
  drain(): Promise<void>;
}

/** Gives an item of a batch that was written its result. */
export type ResultOf<T, R> = (item: T) => R;

/** How much may share a write, and how much may wait for one. */
export interface GroupLimits {
  readonly maxBatch: number;
  readonly maxWaiting: number;
  /** What an item that is one too many is refused with. */
  full(): Error;
}

const maxTurns = 4;

/** Items that share a write. */
interface Batch<T, R> extends PromiseWithResolvers<ResultOf<T, R>> {
  readonly items: T[];
}

/**
 * Lets what arrives in one turn, or while a write is in flight, share the next write. A lone item does not wait for company; under load one write carries many.
 * `write` gives a result for each item.
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
   * Calls that were answered together come again together: they share the next write, instead of waiting for that of the first of them. So it
   * waits for a turn of the event loop, and for another one as long as more came, up to a few.
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
