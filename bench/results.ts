import type { Footprint, MemoryLoad, Sample } from './measure.ts';
import { limit } from './servers.ts';

/** The stored results of one run. */
export interface Results {
  readonly date: string;
  readonly command: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGb: number; readonly kernel: string };
  readonly node: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly memory: MemoryLoad;
  readonly cells: readonly string[];
  /** The packages of each server, with their versions. */
  readonly servers: Readonly<Record<string, readonly string[]>>;
  readonly samples: readonly Sample[];
  readonly footprints: readonly Footprint[];
  readonly failures: readonly Failure[];
}

/** A measurement that failed. The server's other figures of the cell are left out. */
export interface Failure {
  readonly server: string;
  /** Absent: start and memory. */
  readonly cell?: string;
  readonly message: string;
}

/** Returns the middle value, or the mean of the two middle values. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = Number.NaN, high = low] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return (low + high) / 2;
}

/** The figures of a sample that are compared. */
export type Measured = 'cpuUs' | 'databaseUs' | 'perSecond' | 'p50Ms' | 'p99Ms';

/**
 * Returns the median, over the rounds, of a server's figure divided by the bare server's in the same round. Returns undefined if it was not
 * measured.
 */
export function ratio(samples: readonly Sample[], cell: string, server: string, measured: Measured): number | undefined {
  const base: Measured = measured === 'databaseUs' ? 'cpuUs' : measured;
  const bare = new Map(samples.filter((each) => each.cell === cell && each.server === limit.id).map((each) => [each.round, each[base]]));
  const own = samples.filter((each) => each.cell === cell && each.server === server);
  const ratios = own.flatMap((each) => {
    const other = bare.get(each.round);
    return other === undefined ? [] : [each[measured] / other];
  });
  return ratios.length === 0 ? undefined : median(ratios);
}

/**
 * Returns the median, over the rounds, of the share of the time in which a server's client was busy. Returns undefined if it was not
 * measured.
 */
export function clientBusy(samples: readonly Sample[], cell: string, server: string): number | undefined {
  const shares = samples.flatMap((each) => (each.cell === cell && each.server === server ? (each.clientBusy ?? []) : []));
  return shares.length === 0 ? undefined : median(shares);
}

/** Returns the median, over the rounds, of one figure of a server's footprint. Returns undefined if it was not measured. */
export function footprint({ footprints }: Results, server: string, what: Exclude<keyof Footprint, 'server' | 'round'>): number | undefined {
  const values = footprints.flatMap((each) => (each.server === server && each[what] !== undefined ? [each[what]] : []));
  return values.length === 0 ? undefined : median(values);
}
