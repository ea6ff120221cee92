/** Writes that share transactions. */
export interface GroupCommit<T, R> {
  /** What the item came to, once it is durable. Rejects as its write did, or with `full()` where too many wait already. */
  add(item: T): Promise<R>;
  /** Resolves when nothing is waiting or being written. */
  drain(): Promise<void>;
}

interface Waiting<T, R> {
  readonly item: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/** How much may share a write, and how much may wait for one. */
export interface GroupLimits {
  readonly maxBatch: number;
  readonly maxWaiting: number;
  /** What an item that is one too many is refused with. */
  full(): Error;
}

/**
 * Lets what arrives in one turn, or while a write is in flight, share the next write. A lone item does not wait for company; under load one write carries many.
 * `write` gives a result for each item.
 */
export function groupCommit<T, R>(write: (items: readonly T[]) => Promise<(item: T) => R>, limits: GroupLimits): GroupCommit<T, R> {
  const waiting: Waiting<T, R>[] = [];
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      // Calls that were answered together come again together: they share this write, instead of waiting for the first of them.
      await new Promise<void>((resolve) => void setImmediate(resolve));
      const batch = waiting.splice(0, limits.maxBatch);
      try {
        const resultOf = await write(batch.map(({ item }) => item));
        for (const { item, resolve } of batch) resolve(resultOf(item));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    writing = undefined;
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= limits.maxWaiting) return reject(limits.full());
        waiting.push({ item, resolve, reject });
        writing ??= writeAll();
      }),
    drain: async () => writing,
  };
}
