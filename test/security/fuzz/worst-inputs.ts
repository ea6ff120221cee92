import type { Json, Spelling } from './json.ts';
import type { Random } from './random.ts';

/** An input of a group of requests. */
export interface Input {
  readonly value: Json;
  readonly spelling: Spelling;
}

/** An input with its cost. */
export interface Kept extends Input, Measured {}

const maxSeeds = 40;

/**
 * The inputs of one group that cost the most CPU time: the costliest for each outcome and each power of two of its size. Because small
 * inputs and inputs with other outcomes stay, a search can go on from them after it has reached the largest.
 */
export class WorstInputs {
  readonly #seeds: Input[];
  readonly #kept = new Map<string, Kept>();

  constructor(seeds: readonly Input[]) {
    this.#seeds = seeds.slice(0, maxSeeds);
  }

  /** Whether an input would take the place of another, and how much that one costs. Undefined if it would not. */
  beaten({ code, bytes, cpuMs }: Measured): number | undefined {
    const known = this.#kept.get(slotOf(code, bytes))?.cpuMs ?? 0;
    return cpuMs > known ? known : undefined;
  }

  keep(input: Input, { code, bytes, cpuMs }: Measured): void {
    this.#kept.set(slotOf(code, bytes), { ...input, code, bytes, cpuMs });
  }

  /** The costliest input, if any is kept. */
  get costliest(): Kept | undefined {
    return [...this.#kept.values()].reduce<Kept | undefined>(
      (worst, next) => (worst && worst.cpuMs >= next.cpuMs ? worst : next),
      undefined,
    );
  }

  /** One of the inputs that are kept. Its cost may have come from other work: measure it again. */
  doubtful(random: Random): Kept | undefined {
    return this.#kept.size === 0 ? undefined : random.pick([...this.#kept.values()]);
  }

  /** Picks an input to change: one of the seeds, any that is kept, or the costliest of three. */
  pick(random: Random): Input {
    const kept = [...this.#kept.values()];
    if (kept.length === 0 || random.chance(0.25)) return random.pick(this.#seeds);
    // Small inputs have room to grow, and would never be the costliest.
    if (random.chance(0.5)) return random.pick(kept);
    const some = [random.pick(kept), random.pick(kept), random.pick(kept)];
    return some.reduce((worst, next) => (next.cpuMs > worst.cpuMs ? next : worst));
  }

  /** The values of some inputs, whose parts other values may take. */
  donors(random: Random): readonly Json[] {
    return [random.pick(this.#seeds).value, this.pick(random).value];
  }
}

/** The cost and the outcome of an input. */
export interface Measured {
  readonly code: string;
  readonly bytes: number;
  readonly cpuMs: number;
}

const slotOf = (code: string, bytes: number): string => `${code} ${Math.floor(Math.log2(bytes + 1))}`;
