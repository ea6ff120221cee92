// A timed load by wrk, the usual tool for measuring servers. It is written in C, so it takes little of the machine that it shares with the
// servers, and it sleeps while it waits, as clients do.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { looksRight } from './answer.ts';
import type { Client } from './client.ts';

/** The load to send. */
export interface TimedLoad {
  readonly port: number;
  /** Connected clients. wrk sends the load for them. */
  readonly clients: readonly Client[];
  /** Returns the request of a client. */
  request(client: Client): Buffer;
  /** A whole number. */
  readonly seconds: number;
}

/** The result of a timed load. */
export interface TimedResult {
  readonly requests: number;
  readonly ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The share of the time in which wrk was busy, and not asleep. */
  readonly busy: number;
}

/** The output of the script below. Times in microseconds. */
interface Summary {
  readonly requests: number;
  readonly bytes: number;
  readonly duration: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers with a status that is not a success. */
  readonly status: number;
  /** Connections that failed, broke, or timed out. */
  readonly broken: number;
  /** CPU time of wrk itself. */
  readonly cpu: number;
}

/** @throws {Error} if wrk is not installed, with the command that installs it. */
export function checkWrk(): void {
  // wrk prints its version and exits with 1.
  if (spawnSync('wrk', ['--version'], { encoding: 'utf8' }).stdout?.startsWith('wrk ')) return;
  throw new Error('The benchmark needs wrk to load the servers: apt-get install wrk, or brew install wrk.');
}

/**
 * Runs wrk with one connection per client. Each connection sends its next request as soon as the last one is answered. If the clients have
 * sessions, their requests differ, and all connections send these requests in turn.
 *
 * wrk checks only statuses. So this function checks one answer before the load and one after it, and all answers together must be as large
 * as that many correct answers. Calls `started` before the first request and `ended` after the last.
 *
 * @throws {Error} if an answer is not a success, a connection breaks, or the answers are too small.
 */
export async function wrk({ port, clients, request, seconds }: TimedLoad, started: () => void, ended: () => void): Promise<TimedResult> {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-bench-'));
  try {
    const script = join(folder, 'load.lua');
    writeFileSync(script, scriptOf([...new Set(clients.map((client) => request(client).toString('latin1')))]), 'latin1');
    const before = await answerSize(clients, request);
    started();
    const summary = await run([
      '-t1',
      `-c${clients.length}`,
      `-d${seconds}s`,
      '--timeout',
      '30s',
      '-s',
      script,
      `http://127.0.0.1:${port}/`,
    ]);
    ended();
    const size = Math.min(before, await answerSize(clients, request));
    const { requests, bytes, duration, p50, p99, status, broken, cpu } = summary;
    if (status > 0 || broken > 0) throw new Error(`${status} of ${requests} answers failed, and ${broken} connections broke.`);
    if (bytes < requests * size * 0.99) throw new Error(`${requests} answers had ${bytes} bytes, and a correct answer has ${size}.`);
    return { requests, ms: duration / 1_000, p50Ms: p50 / 1_000, p99Ms: p99 / 1_000, busy: cpu / duration };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns the size of a correct answer, without the framing of its chunks. */
async function answerSize([client]: readonly Client[], request: TimedLoad['request']): Promise<number> {
  if (!client) throw new RangeError('A load needs at least one client.');
  const response = await client.send(request(client));
  if (!looksRight(response)) throw new Error(`The answer is wrong: ${response.status} ${response.body.toString('utf8').slice(0, 300)}`);
  return response.head.length + response.body.length;
}

async function run(args: readonly string[]): Promise<Summary> {
  const child = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  const json = /^SUMMARY (.*)$/m.exec(output)?.[1];
  if (json === undefined) throw new Error(`wrk printed no summary: ${output.slice(-500)}`);
  return JSON.parse(json) as Summary;
}

/** Returns the script for wrk. Lua reads JSON strings correctly as long as they are ASCII. */
const scriptOf = (requests: readonly string[]): string => `
local requests = { ${requests.map((request) => JSON.stringify(request)).join(',\n')} }
local sent = 0
function request()
  sent = sent % #requests + 1
  return requests[sent]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('\\nSUMMARY {"requests":%d,"bytes":%d,"duration":%d,"p50":%d,"p99":%d,"status":%d,"broken":%d,"cpu":%d}\\n',
    summary.requests, summary.bytes, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.write + errors.timeout, os.clock() * 1000000))
end
`;
