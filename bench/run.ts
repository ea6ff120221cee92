// Measures Busbar, other frameworks and a bare server: `npm run bench`. See README.md.
import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { nameOf, type Cell } from './cells.ts';
import { startGenerator } from './clients/generator.ts';
import { measure, measureMemory, measureStart, warmUp, type Footprint, type MemoryLoad, type Sample } from './measure.ts';
import { estimateSeconds, readOptions, usage, type Options } from './options.ts';
import { writePage } from './page.ts';
import { prepare, versionOf } from './prepare.ts';
import { ratio, type Failure, type Results } from './results.ts';
import { startServer, type Running } from './server-process.ts';
import { figure, tablesOf } from './tables.ts';
import { checkWrk } from './clients/wrk.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);
const args = process.argv.slice(2);
const options = optionsOrUsage();
say(
  `${options.servers.length} servers, ${options.cells.length} cells, ${options.rounds} rounds: about ${minutes(estimateSeconds(options))}.`,
);
checkWrk();
say('Installing the other frameworks, packing Busbar, compiling the servers …');
prepare();

const generator = startGenerator();
const running: Running[] = [];
const failures: Failure[] = [];
process.once('SIGINT', () => void stopAll().then(() => process.exit(130)));
process.once('SIGTERM', () => void stopAll().then(() => process.exit(143)));
try {
  const samples = await measureCells(options);
  const footprints = options.memory ? await measureFootprints(options, options.memory) : [];
  const results = resultsOf(options, samples, footprints);
  writeFileSync(options.out, `${JSON.stringify(results)}\n`);
  process.stdout.write(`${tablesOf(results)}\n`);
  if (options.publish) writePage(results);
  if (failures.length > 0) process.exitCode = 1;
} finally {
  await stopAll();
  generator.close();
}

/** For each number of tools, runs all servers side by side. Only one is under load at a time. */
async function measureCells({ cells, rounds, seconds, servers }: Options): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (const [tools, group] of Map.groupBy(cells, (cell) => cell.tools)) {
    say(`\n${tools} tools: starting the servers`);
    for (const server of servers) {
      await attempt({ server: server.id, cell: group.map(nameOf).join(', ') }, async () => {
        const started = await startServer(server, tools);
        running.push(started);
        await warmUp(started, generator);
      });
    }
    for (const cell of group) samples.push(...(await measureCell(cell, rounds, seconds)));
    await stopAll();
  }
  return samples;
}

async function measureCell(cell: Cell, rounds: number, seconds: number): Promise<readonly Sample[]> {
  const name = nameOf(cell);
  const fitting = new Set(running.filter(({ server: { eras } }) => cell.age !== 'older' || eras.includes('2025-11-25')));
  const samples: Sample[] = [];
  for (let round = 1; round <= rounds; round += 1)
    for (const each of fitting) {
      const sample = await attempt({ server: each.server.id, cell: name }, () => measure(each, cell, round, seconds, generator));
      if (!sample) fitting.delete(each);
      else samples.push(sample);
    }
  const whole = samples.filter(({ server }) => [...fitting].some((each) => each.server.id === server));
  const parts = [...fitting].map(({ server: { id } }) => `${id} ${figure(ratio(whole, name, id, 'cpuUs'))}`);
  say(`${name}: ${parts.join(' · ')}`);
  return whole;
}

/** Runs each server alone, and restarts it in each round. Measures the memory after a load only in the first round. */
async function measureFootprints({ servers, rounds }: Options, memory: MemoryLoad): Promise<readonly Footprint[]> {
  const footprints: Footprint[] = [];
  say('\nstart and memory, with 50 tools');
  for (let round = 1; round <= rounds; round += 1)
    for (const server of servers) {
      const footprint = await attempt({ server: server.id }, async () => {
        const started = await startServer(server, 50);
        running.push(started);
        return { ...measureStart(started, round), ...(round === 1 && (await measureMemory(started, memory, generator))) };
      });
      if (footprint) footprints.push(footprint);
      await stopAll();
    }
  return footprints;
}

/** Records the failure of one server, so that it does not end the run of the others. */
async function attempt<T>(what: Pick<Failure, 'server' | 'cell'>, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const { message } = error as Error;
    say(`FAILED: ${what.server}, ${what.cell ?? 'start and memory'}: ${message}`);
    failures.push({ ...what, message });
    return undefined;
  }
}

async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map((each) => each.stop()));
}

function resultsOf(
  { rounds, seconds, cells, servers, memory = { calls: 0, ms: 0 } }: Options,
  samples: readonly Sample[],
  footprints: readonly Footprint[],
): Results {
  const [{ model } = { model: 'unknown CPU' }] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    machine: { cpu: model.trim(), cores: cpus().length, memoryGb: Math.round(totalmem() / 2 ** 30), kernel: release() },
    node: process.versions.node,
    rounds,
    seconds,
    memory,
    cells: cells.map(nameOf),
    servers: Object.fromEntries(servers.map(({ id, packages }) => [id, packages.map((name) => `${name} ${versionOf(name)}`)])),
    samples,
    footprints,
    failures,
  };
}

function optionsOrUsage(): Options {
  try {
    return readOptions(args);
  } catch (error) {
    say(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

function minutes(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} minutes`;
}
