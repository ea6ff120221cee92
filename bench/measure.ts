import { nameOf, eraOf, sizeOf, type Cell } from './cells.ts';
import { openClient } from './clients/client.ts';
import type { Generator } from './clients/generator.ts';
import type { Load } from './clients/load-generator.ts';
import { mcpRequest } from './clients/request.ts';
import type { Running } from './server-process.ts';
import { wrk } from './clients/wrk.ts';

/** The figures of one server in one cell and one round. */
export interface Sample {
  readonly cell: string;
  readonly round: number;
  readonly server: string;
  /** CPU time of the server's process per request, in microseconds. */
  readonly cpuUs: number;
  /** CPU time of PostgreSQL per request, in microseconds. 0 if the server does not use it. */
  readonly databaseUs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requests: number;
  /** The share of the time in which the client was busy. Results that are older than this figure do not have it. */
  readonly clientBusy?: number;
}

// V8 keeps compiling for tens of thousands of requests.
const warmUpRequests = 40_000;
/** The longest warm-up of a new server before it is measured. */
export const warmUpMs = 6_000;

/** Loads a new server until it has reached its full speed, or until the warm-up time is over. */
export async function warmUp(running: Running, generator: Generator): Promise<void> {
  const caller = running.caller(running.server.eras[0]);
  await generator.load({ caller, size: '1k', connections: 16, ms: warmUpMs, requests: warmUpRequests });
}

/**
 * The load before each measured turn. While the other servers had their turns, the server lost its data in the machine's caches, and V8
 * dropped some of its compiled code.
 */
export const leadInMs = 500;

/**
 * Loads a server for a number of seconds, after a lead-in that does not count.
 *
 * @throws {Error} if any answer of the lead-in is wrong, or a later answer is not a success.
 */
export async function measure(running: Running, cell: Cell, round: number, seconds: number, generator: Generator): Promise<Sample> {
  const { server } = running;
  const caller = running.caller(eraOf(cell, server));
  const { connections } = cell;
  await loadStrictly(generator, { caller, size: sizeOf(cell), connections, ms: leadInMs });
  const clients = await Promise.all(Array.from({ length: connections }, () => openClient(caller)));
  let before = running.cpuMs();
  let after = before;
  try {
    const { requests, ms, p50Ms, p99Ms, busy } = await wrk(
      { port: caller.port, clients, request: (client) => client.request(mcpRequest(sizeOf(cell))), seconds },
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

async function loadStrictly(generator: Generator, load: Load): Promise<number> {
  const { requests, failed, failure } = await generator.load(load);
  if (failed > 0) throw new Error(`${failed} of ${requests} answers were wrong, the first one ${failure}`);
  return requests;
}

/** The memory and the start time of one server. */
export interface Footprint {
  readonly server: string;
  readonly round: number;
  readonly coldStartMs: number;
  readonly startMb: number;
  /** Memory after the load. It is measured once, and not in each round. */
  readonly loadedMb?: number;
  /** Memory after a second, equal load. */
  readonly againMb?: number;
  /** The number of calls in the first of the two loads. */
  readonly calls?: number;
  /** Heap for each idle session. Absent if the server has no sessions. */
  readonly sessionKb?: number;
}

/** The limits of the load before memory is measured: calls and time. */
export interface MemoryLoad {
  readonly calls: number;
  readonly ms: number;
}

const idleSessions = 500;

/** Returns the footprint of a new server. */
export const measureStart = ({ server, coldStartMs, startMb }: Running, round: number): Footprint => ({
  server: server.id,
  round,
  coldStartMs,
  startMb,
});

/** Measures the memory that sessions and two loads leave behind. */
export async function measureMemory(
  running: Running,
  most: MemoryLoad,
  generator: Generator,
): Promise<Pick<Footprint, 'loadedMb' | 'againMb' | 'calls' | 'sessionKb'>> {
  const { server } = running;
  const sessionKb = server.sessions ? await sessionSize(running) : undefined;
  const load = { caller: running.caller(server.eras[0]), size: '1k' as const, connections: 16, ms: most.ms, requests: most.calls };
  const calls = await loadStrictly(generator, load);
  const loadedMb = running.residentMb();
  await loadStrictly(generator, load);
  return { loadedMb, againMb: running.residentMb(), calls, ...(sessionKb !== undefined && { sessionKb }) };
}

/**
 * Opens sessions and leaves them idle. The clients stay connected, because some servers end the sessions of clients that have disconnected.
 */
async function sessionSize(running: Running): Promise<number> {
  const open = async () => await Promise.all(Array.from({ length: idleSessions / 10 }, () => openClient(running.caller('2025-11-25'))));
  // The first sessions also fill caches, which are not part of a session.
  const clients = await open();
  const before = await running.heapKb();
  for (let batch = 0; batch < 10; batch += 1) clients.push(...(await open()));
  const after = await running.heapKb();
  await Promise.all(clients.map((client) => client.leave()));
  return (after - before) / idleSessions;
}
