// Many clients at once, in steps up and down: `node bench/load.ts --clients 1000`. Prints the result of each step, and how soon the server
// recovers. Exits with 1, and prints why, if an answer was wrong, if a step without refusals had a 95th percentile above a second, if the
// heap has grown, or if the server has not recovered.
import { fork } from 'node:child_process';
import { on, once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openClient } from './clients/client.ts';
import type { Profile, Step, StepResult } from './load-clients.ts';
import { prepare } from './prepare.ts';
import { argumentsOf } from './clients/request.ts';
import { startServer, type Running } from './server-process.ts';
import { servers } from './servers.ts';

const text = (value: string) => ({ type: 'string', default: value }) as const;
const { values } = parseArgs({
  options: {
    server: text('busbar-everything'),
    clients: text('1000'),
    seconds: text('120'),
    'step-seconds': text('10'),
    lists: text('0.1'),
  },
});
const clients = Number(values.clients);
const server = servers.find(({ id }) => id === values.server);
if (!server || !(clients > 0)) throw new Error(`--server is one of ${servers.map(({ id }) => id).join(', ')}; --clients a number.`);

// A quarter of the clients, half, all of them, and down again. All clients run for four steps, to show that memory does not grow.
const step = (share: number, ms: number): Step => ({ clients: Math.ceil(clients * share), ms });
const stepMs = Number(values['step-seconds']) * 1_000;
const fullMs = Number(values.seconds) * 1_000;
const up = [0.25, 0.5].map((share) => step(share, stepMs));
const steps = [...up, ...Array.from({ length: 4 }, () => step(1, fullMs / 4)), ...up.toReversed()];
const recoverMs = 5_000;
const mostP95Ms = 1_000;
// Caches that fill while the server warms up need far less.
const mostGrowthMb = 25;

console.log(`${server.label}, ${clients} clients: about ${Math.ceil((fullMs + 4 * stepMs) / 1_000)} s after its start.`);
prepare();
const running = await startServer(server, 50);
const child = fork(join(import.meta.dirname, 'load-clients.ts'));
try {
  const profile: Profile = { caller: running.caller(server.eras[0]), steps, lists: Number(values.lists) };
  child.send(profile);
  const heapBefore = await heapMb(running);
  console.log(`at the start: ${running.residentMb().toFixed(0)} MB, ${heapBefore.toFixed(0)} MB of heap in use`);
  const { failed, slowestMs } = await follow(running);
  const recovered = await recoveryMs(running);
  const heapAfter = await heapMb(running);
  console.log(
    `recovered after ${recovered.toFixed(0)} ms; ${running.residentMb().toFixed(0)} MB, ${heapAfter.toFixed(0)} MB of heap in use`,
  );
  const faults = [
    ...(failed > 0 ? [`${failed} answers were wrong`] : []),
    ...(slowestMs > mostP95Ms ? [`a 95th percentile was ${slowestMs.toFixed(0)} ms, above ${mostP95Ms}`] : []),
    ...(heapAfter - heapBefore > mostGrowthMb ? [`the heap in use grew by ${(heapAfter - heapBefore).toFixed(0)} MB`] : []),
    ...(recovered > recoverMs ? [`it had not recovered after ${recoverMs} ms`] : []),
  ];
  for (const fault of faults) console.log(`FAILED: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
} finally {
  child.kill();
  await running.stop();
}

/** Returns the heap in use after a garbage collection. Node holds more memory than this, and does not give it back. */
async function heapMb({ heapKb }: Running): Promise<number> {
  return (await heapKb()) / 1_024;
}

/** Prints a line for each step. Returns the number of wrong answers, and the largest 95th percentile of the steps without refusals. */
async function follow({ cpuMs, residentMb }: Running): Promise<{ readonly failed: number; readonly slowestMs: number }> {
  let allFailed = 0;
  let slowestMs = 0;
  let before = cpuMs();
  const over = AbortSignal.any([AbortSignal.timeout(2 * (fullMs + 4 * stepMs) + 60_000), exited()]);
  for await (const [message] of on(child, 'message', { signal: over }) as AsyncIterable<[StepResult | 'done']>) {
    if (message === 'done') break;
    const { clients: count, ms, answered, refused, failed, failure, p50Ms, p95Ms, p99Ms } = message;
    const after = cpuMs();
    const cpuShare = (fromMs: number, toMs: number) => `${((100 * (toMs - fromMs)) / ms).toFixed(0)} %`;
    console.log(
      [
        `${count} clients, ${ms / 1_000} s: ${((answered * 1_000) / ms).toFixed(0)} answers/s`,
        `p50 ${p50Ms.toFixed(0)} ms, p95 ${p95Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms`,
        `${refused} refused, ${failed} failed${failure === undefined ? '' : ` (${failure})`}`,
        `CPU ${cpuShare(before.own, after.own)}, PostgreSQL ${cpuShare(before.database, after.database)}`,
        `${residentMb().toFixed(0)} MB`,
      ].join(' · '),
    );
    before = after;
    allFailed += failed;
    if (refused === 0) slowestMs = Math.max(slowestMs, p95Ms);
  }
  return { failed: allFailed, slowestMs };
}

/** Aborts when the process of the clients ends, because no more steps will arrive. */
function exited(): AbortSignal {
  const controller = new AbortController();
  void once(child, 'exit').then(() => controller.abort(new Error('The process of the clients ended.')));
  return controller.signal;
}

/** Returns the time until a new client gets an answer within a second, or infinity after five seconds. */
async function recoveryMs({ caller }: Running): Promise<number> {
  const began = performance.now();
  while (performance.now() - began <= recoverMs) {
    const from = performance.now();
    const client = await openClient(caller(server?.eras[0] ?? '2025-11-25'));
    const { status } = await client.send(client.request({ method: 'tools/call', arguments: argumentsOf('1k') }));
    client.close();
    if (status === 200 && performance.now() - from < 1_000) return performance.now() - began;
  }
  return Number.POSITIVE_INFINITY;
}
