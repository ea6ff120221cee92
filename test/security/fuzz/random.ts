/** Random numbers that a seed determines. */
export interface Random {
  /** From 0 to just under 1. */
  (): number;
  /** A whole number from 0 to just under `end`. */
  below(end: number): number;
  /** @throws {RangeError} if the list is empty. */
  pick<T>(list: readonly T[]): T;
  chance(probability: number): boolean;
  /** A whole number from 1 to `most`. It is as likely to have one digit as two, three and so on. */
  size(most: number): number;
}

/** Creates a generator (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number): number => Math.floor(next() * end);
  return Object.assign(next, {
    below,
    pick: <T>(list: readonly T[]): T => {
      if (list.length === 0) throw new RangeError('nothing to pick from');
      return list[below(list.length)] as T;
    },
    chance: (probability: number) => next() < probability,
    size: (most: number) => Math.max(1, Math.round(most ** next())),
  });
}
