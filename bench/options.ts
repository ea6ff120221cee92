import { parseArgs } from 'node:util';
import { cellsOf, type Cell } from './cells.ts';
import { leadInMs, warmUpMs } from './measure.ts';
import { limit, servers, type Server } from './servers.ts';

/** The options for one run. */
export interface Options {
  readonly servers: readonly Server[];
  readonly cells: readonly Cell[];
  readonly rounds: number;
  readonly seconds: number;
  /** Undefined: the run does not measure start and memory. */
  readonly memory: { readonly calls: number; readonly ms: number } | undefined;
  /** Whether the run writes docs/performance.md. */
  readonly publish: boolean;
  readonly out: string;
}

/** The text of `--help`. */
export const usage = `node bench/run.ts [--quick] [--publish]
  --quick           two cells, one round of a second, no memory: about a minute
  --servers a,b     of ${servers.map(({ id }) => id).join(', ')}; the bare server is always included
  --cells set       quick, published or all, or cells such as call-1k:50:16:newest,list:200:16:newest
  --rounds 5        each round runs every server once, in turn
  --seconds 2       how long a server is loaded in a round: a whole number
  --memory-calls n  the load before memory is measured; 0 leaves start and memory out. Default 200000
  --out file        the file for the raw results. Default bench/results.json, which git ignores, or bench/published.json with --publish
  --publish         writes the tables into docs/performance.md, and the picture beside it`;

/** Reads the command line. @throws {Error} with a message for the user. */
export function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { quick: flag, publish: flag, servers: text, cells: text, rounds: text, seconds: text, 'memory-calls': text, out: text },
  });
  const { quick, publish, out = publish ? 'bench/published.json' : 'bench/results.json' } = values;
  const calls = number(values, 'memory-calls', quick ? 0 : 200_000);
  return {
    servers: values.servers === undefined ? servers : [limit, ...values.servers.split(',').map(serverOf)],
    cells: cellsOf(values.cells ?? (quick ? 'quick' : 'published')),
    rounds: number(values, 'rounds', quick ? 1 : 5),
    seconds: wholeSeconds(values, quick ? 1 : 2),
    memory: calls === 0 ? undefined : { calls, ms: 30_000 },
    publish,
    out,
  };
}

function serverOf(id: string): Server {
  const server = servers.find((each) => each.id === id && id !== limit.id);
  if (!server)
    throw new Error(
      `There is no server ${id} to compare with the bare server. The servers are ${servers.map((each) => each.id).join(', ')}.`,
    );
  return server;
}

function number(values: Readonly<Record<string, unknown>>, name: string, otherwise: number): number {
  const value = Number(values[name] ?? otherwise);
  if (!(value >= 0)) throw new Error(`--${name} must be a number.`);
  return value;
}

function wholeSeconds(values: Readonly<Record<string, unknown>>, otherwise: number): number {
  const seconds = number(values, 'seconds', otherwise);
  if (!Number.isInteger(seconds) || seconds === 0) throw new Error('--seconds must be a whole number, 1 or more.');
  return seconds;
}

/** Estimates how long a run takes, in seconds. Slow answers may take longer. */
export function estimateSeconds({ servers: chosen, cells, rounds, seconds, memory }: Options): number {
  const startSeconds = 1.5 * chosen.length;
  const warmUpSeconds = (warmUpMs / 1_000) * chosen.length;
  const starts = new Set(cells.map(({ tools }) => tools)).size * (startSeconds + warmUpSeconds);
  const loads = cells.map(({ age }) => chosen.filter(({ eras }) => age !== 'older' || eras.includes('2025-11-25')).length);
  const inCells = loads.reduce((sum, count) => sum + count * rounds * (seconds + leadInMs / 1_000 + 0.5), starts);
  return inCells + (memory ? rounds * startSeconds + chosen.length * ((2 * memory.ms) / 1_000) : 0);
}
