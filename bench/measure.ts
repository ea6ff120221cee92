import { nameOf, eraOf, sizeOf, type Cell } from './cells.ts';
import { openClient } from './client.ts';
import type { Generator } from './generator.ts';
import type { Load } from './load-generator.ts';
import { wantedOf } from './request.ts';
import type { Running } from './server-process.ts';
import { wrk } from './wrk.ts';

/** What one server did in one cell in one round. */
export interface Sample {
  readonly cell: string;
  readonly round: number;
  readonly server: string;
  /** CPU time of the server's process per request, in microseconds. */
  readonly cpuUs: number;
  /** That of PostgreSQL, where the server uses it. */
  readonly databaseUs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requests: number;
  /** The share of the time in which the client was at work. Absent in what was published before it was measured. */
  readonly clientBusy?: number;
}

// V8 goes on compiling for some tens of thousands of requests.
const warmUpRequests = 40_000;
/** How long a server that has just been started is loaded at most before it is measured. */
export const warmUpMs = 6_000;

/** Loads a server that has just been started until it is as fast as it will be, or the time for that is over. */
export async function warmUp(running: Running, generator: Generator): Promise<void> {
  const caller = running.caller(running.server.eras[0]);
  await generator.load({ caller, size: '1k', connections: 16, ms: warmUpMs, requests: warmUpRequests });
}

/**
 * How long it is loaded before each turn that counts: while the others had theirs, what it had in the caches of the machine has gone, and some of
 * what V8 had compiled.
 */
export const leadInMs = 500;

/** Loads a server for so long, after a moment that does not count. Throws where a single answer of that moment is wrong, or one is no success later. */
export async function measure(running: Running, cell: Cell, round: number, seconds: number, generator: Generator): Promise<Sample> {
  const { server } = running;
  const caller = running.caller(eraOf(cell, server));
  const { connections } = cell;
  await loadRightly(generator, { caller, size: sizeOf(cell), connections, ms: leadInMs });
  const clients = await Promise.all(Array.from({ length: connections }, () => openClient(caller)));
  let before = running.cpuMs();
  let after = before;
  try {
    const { requests, ms, p50Ms, p99Ms, busy } = await wrk(
      { port: caller.port, clients, request: (client) => client.request(wantedOf(sizeOf(cell))), seconds },
      () => (before = running.cpuMs()),
      () => (after = running.cpuMs()),
    );
    return {
      cell: nameOf(cell),
      round,
      server: server.id,
      cpuUs: ((after.own - before.own) * 1_000) / requests,
      databaseUs: ((after.database - before.database) * 1_000) / requests,
      perSecond: (requests * 1_000) / ms,
      p50Ms,
      p99Ms,
      requests,
      clientBusy: busy,
    };
  } finally {
    await Promise.allSettled(clients.map((client) => client.leave()));
  }
}

async function loadRightly(generator: Generator, load: Load): Promise<number> {
  const { requests, failed, failure } = await generator.load(load);
  if (failed > 0) throw new Error(`${failed} of ${requests} answers were wrong, the first one ${failure}`);
  return requests;
}

/** What one server holds in memory, and how long it takes to start. */
export interface Footprint {
  readonly server: string;
  readonly round: number;
  readonly coldStartMs: number;
  readonly startMb: number;
  /** What is looked at once, and not in each round. */
  readonly loadedMb?: number;
  /** After the same load once more. */
  readonly againMb?: number;
  /** How many calls the first of the two loads had. */
  readonly calls?: number;
  /** Of heap, for each idle session. Absent where there are none. */
  readonly sessionKb?: number;
}

/** The largest load before memory is looked at, and the longest. */
export interface MemoryLoad {
  readonly calls: number;
  readonly ms: number;
}

const idleSessions = 500;

/** How a server that has just been started stands. */
export const measureStart = ({ server, coldStartMs, startMb }: Running, round: number): Footprint => ({
  server: server.id,
  round,
  coldStartMs,
  startMb,
});

/** What sessions and two loads leave behind in its memory. */
export async function measureMemory(
  running: Running,
  most: MemoryLoad,
  generator: Generator,
): Promise<Pick<Footprint, 'loadedMb' | 'againMb' | 'calls' | 'sessionKb'>> {
  const { server } = running;
  const sessionKb = server.sessions ? await sessionSize(running) : undefined;
  const load = { caller: running.caller(server.eras[0]), size: '1k' as const, connections: 16, ms: most.ms, requests: most.calls };
  const calls = await loadRightly(generator, load);
  const loadedMb = running.residentMb();
  await loadRightly(generator, load);
  return { loadedMb, againMb: running.residentMb(), calls, ...(sessionKb !== undefined && { sessionKb }) };
}

/** Opens sessions and leaves them alone. Some servers end those of clients that have gone, so these stay connected. */
async function sessionSize(running: Running): Promise<number> {
  const open = async () => await Promise.all(Array.from({ length: idleSessions / 10 }, () => openClient(running.caller('2025-11-25'))));
  // What the first ones need once is not theirs.
  const clients = await open();
  const before = await running.heapKb();
  for (let batch = 0; batch < 10; batch += 1) clients.push(...(await open()));
  const after = await running.heapKb();
  await Promise.all(clients.map((client) => client.leave()));
  return (after - before) / idleSessions;
}
