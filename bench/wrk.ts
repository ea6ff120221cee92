// A timed load by wrk, the tool that servers are usually measured with: written in C, it takes little of the machine that it shares with them, and
// it sleeps while it waits, as clients do.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { looksRight } from './answer.ts';
import type { Client } from './client.ts';

/** What is to be sent. */
export interface TimedLoad {
  readonly port: number;
  /** Clients that have been let in. They send nothing of it themselves. */
  readonly clients: readonly Client[];
  /** What a client would send. */
  request(client: Client): Buffer;
  /** A whole number. */
  readonly seconds: number;
}

/** What came of it. */
export interface Timed {
  readonly requests: number;
  readonly ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The share of the time in which wrk was at work, and not asleep. */
  readonly busy: number;
}

/** What the script below prints. Times in microseconds. */
interface Summary {
  readonly requests: number;
  readonly bytes: number;
  readonly duration: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers that were no success. */
  readonly status: number;
  /** Connections that could not be made, broke off, or were not answered in time. */
  readonly broken: number;
  /** CPU time of wrk itself. */
  readonly cpu: number;
}

/** Throws with what to do where there is no wrk. */
export function checkWrk(): void {
  // It says its version, and ends with 1.
  if (spawnSync('wrk', ['--version'], { encoding: 'utf8' }).stdout?.startsWith('wrk ')) return;
  throw new Error('This needs wrk, which loads the servers: apt-get install wrk, or brew install wrk.');
}

/**
 * Has as many connections as there are clients send what these would, each as soon as the one before is answered. Where clients have sessions, and so
 * would send different requests, all connections take them in turn.
 *
 * It looks at statuses alone: answers are looked into before and after, and all of them together must not be smaller than so many right ones.
 * Calls `started` before the first request and `ended` after the last.
 */
export async function wrk({ port, clients, request, seconds }: TimedLoad, started: () => void, ended: () => void): Promise<Timed> {
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
    if (status > 0 || broken > 0) throw new Error(`Of ${requests} answers ${status} were no success, and ${broken} connections broke.`);
    if (bytes < requests * size * 0.99) throw new Error(`${requests} answers had ${bytes} bytes, and a right one has ${size}.`);
    return { requests, ms: duration / 1_000, p50Ms: p50 / 1_000, p99Ms: p99 / 1_000, busy: cpu / duration };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** How large a right answer is, without what frames its chunks. */
async function answerSize([client]: readonly Client[], request: TimedLoad['request']): Promise<number> {
  if (!client) throw new RangeError('It takes a client at least.');
  const response = await client.send(request(client));
  if (!looksRight(response)) throw new Error(`It answered wrongly: ${response.status} ${response.body.toString('utf8').slice(0, 300)}`);
  return response.head.length + response.body.length;
}

async function run(args: readonly string[]): Promise<Summary> {
  const child = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(child, 'close');
  const json = /^SUMMARY (.*)$/m.exec(said)?.[1];
  if (json === undefined) throw new Error(`wrk said nothing of its load: ${said.slice(-500)}`);
  return JSON.parse(json) as Summary;
}

/** A script for wrk. Lua reads the strings of JSON as long as they are ASCII. */
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
