/** Writes that share transactions. */
export interface GroupCommit<T> {
  /** Resolves when the item is durable. Rejects as its write did, or with `full()` where too many wait already. */
  add(item: T): Promise<void>;
  /** Resolves when nothing is waiting or being written. */
  drain(): Promise<void>;
}

interface Waiting<T> {
  readonly item: T;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Lets what arrives while a write is in flight share the next one. A lone item is written at once; under load one write carries many.
 * At most `maxBatch` items go into a write, and at most `maxWaiting` wait for one.
 */
export function groupCommit<T>(
  write: (items: readonly T[]) => Promise<void>,
  limits: { readonly maxBatch: number; readonly maxWaiting: number; full(): Error },
): GroupCommit<T> {
  const waiting: Waiting<T>[] = [];
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, limits.maxBatch);
      try {
        await write(batch.map(({ item }) => item));
        for (const { resolve } of batch) resolve();
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
