import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { noCpuClock } from './cpu-clock.ts';
import { fuzz, type Failure } from './fuzz.ts';
import type { FuzzRequest } from './target.ts';
import { groupsOf } from './groups.ts';
import { seededRandom } from './random.ts';
import { startVictim } from './victim.ts';

const seed = Number(process.env['TEST_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const forMs = Number(process.env['TEST_FUZZ_MS'] ?? 60_000);
/** A file with a request of an earlier search, to send it alone. */
const repeated = process.env['TEST_FUZZ_CASE'];

const maxCpuMs = 50;

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

if (noCpuClock) console.warn(`Skipped: the search for expensive inputs (${noCpuClock}).`);

async function search(): Promise<void> {
  const victim = await startVictim(stack);
  const groups = await groupsOf(victim);
  const endsAt = performance.now() + forMs;
  const goOn = () => performance.now() < endsAt;
  const { sent, failures, worst } = await fuzz({ groups, target: victim, random: seededRandom(seed), maxCpuMs, goOn });
  const rows = worst
    .slice(0, 15)
    .map(({ group, cpuMs, bytes, code }) => `${cpuMs.toFixed(1).padStart(7)} ms  ${group}: ${bytes} bytes, ${code}`);
  console.info(`seed ${seed}: ${sent} requests of ${groups.length} kinds. The costliest:\n${rows.join('\n')}`);
  expect(failures.map(report)).toEqual([]);
}

async function repeat(file: string): Promise<void> {
  const request = JSON.parse(readFileSync(file, 'utf8')) as FuzzRequest;
  const victim = await startVictim(stack);
  const outcomes = [];
  for (let time = 0; time < 5; time += 1) outcomes.push(await victim.send(request));
  console.info(outcomes);
  expect(outcomes.filter(({ fault }) => fault !== undefined)).toEqual([]);
  expect(Math.min(...outcomes.map(({ cpuMs }) => cpuMs))).toBeLessThanOrEqual(maxCpuMs);
}

test.skipIf(noCpuClock)(
  `no request takes more than ${maxCpuMs} ms of CPU time or is answered with a fault: ${repeated ?? `a search of ${forMs / 1_000} s`}`,
  async () => {
    await expect(repeated === undefined ? search() : repeat(repeated)).resolves.toBeUndefined();
  },
  forMs + 300_000,
);

/** Writes the request of a failure to a file, and says how to send it again. */
function report({ group, what, request }: Failure): string {
  const file = join(mkdtempSync(join(tmpdir(), 'busbar-fuzz-')), 'case.json');
  writeFileSync(file, JSON.stringify(request));
  return `${group} ${what}. To send it again: TEST_FUZZ_CASE=${file} npm run test:long -- security/fuzz`;
}
