import type { Footprint, MemoryLoad, Sample } from './measure.ts';
import { limit } from './servers.ts';

/** Everything that one run found, as it is kept. */
export interface Results {
  readonly date: string;
  readonly command: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGb: number; readonly kernel: string };
  readonly node: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly memory: MemoryLoad;
  readonly cells: readonly string[];
  /** Of each server its packages, with their versions. */
  readonly servers: Readonly<Record<string, readonly string[]>>;
  readonly samples: readonly Sample[];
  readonly footprints: readonly Footprint[];
  readonly failures: readonly Failure[];
}

/** What could not be measured. Its other figures of that cell are left out. */
export interface Failure {
  readonly server: string;
  /** Absent: it was start and memory. */
  readonly cell?: string;
  readonly message: string;
}

/** The middle value; of an even number of values, the mean of the two. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = Number.NaN, high = low] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return (low + high) / 2;
}

/** A figure of a sample that is compared. */
export type Measured = 'cpuUs' | 'databaseUs' | 'perSecond' | 'p50Ms' | 'p99Ms';

/** The median over the rounds of a server's figure, divided by the bare server's of the same round. Undefined: it was not measured. */
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

/** The median over the rounds of the share of the time in which the client of a server was at work. Undefined: it was not measured. */
export function clientBusy(samples: readonly Sample[], cell: string, server: string): number | undefined {
  const shares = samples.flatMap((each) => (each.cell === cell && each.server === server ? (each.clientBusy ?? []) : []));
  return shares.length === 0 ? undefined : median(shares);
}

/** The median over the rounds of what a server holds or takes to start. */
export function footprint({ footprints }: Results, server: string, what: Exclude<keyof Footprint, 'server' | 'round'>): number | undefined {
  const values = footprints.flatMap((each) => (each.server === server && each[what] !== undefined ? [each[what]] : []));
  return values.length === 0 ? undefined : median(values);
}
