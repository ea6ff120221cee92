import { spellings, writeJson, type Json, type Spelling } from './json.ts';
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';
import { sweep } from './sweep.ts';
import type { FuzzRequest, Group, Outcome, Target } from './target.ts';
import { WorstInputs, type Input, type Kept } from './worst-inputs.ts';

/** A request that shows a fault each time. */
export interface Failure {
  readonly group: string;
  readonly what: string;
  readonly request: FuzzRequest;
}

export interface FuzzOptions {
  readonly groups: readonly Group[];
  readonly target: Target;
  readonly random: Random;
  /** The most CPU time that a request may take, in milliseconds. */
  readonly maxCpuMs: number;
  /** Whether to send another request. */
  goOn(sent: number): boolean;
}

/** The result of a search. */
export interface FuzzResult {
  readonly sent: number;
  /** At most one of a kind for each group. */
  readonly failures: readonly Failure[];
  /** The highest confirmed CPU time of each group in milliseconds, and the bytes of that request. The costliest first. */
  readonly worst: readonly { readonly group: string; readonly cpuMs: number; readonly bytes: number; readonly code: string }[];
}

// What other work costs in a process changes from one measurement to the next. Costs below this are not compared closely.
const noiseMs = 2;

/**
 * Searches for inputs that cost much CPU time or that the server answers with a fault. Changes the costliest inputs so far, and keeps those
 * that cost more. A cost counts only if three repetitions confirm it: the least of them is taken.
 */
export async function fuzz({ groups, target, random, maxCpuMs, goOn }: FuzzOptions): Promise<FuzzResult> {
  const searches = groups.map((group) => ({
    group,
    inputs: new WorstInputs(group.seeds.map(plain)),
    worst: { cpuMs: 0, bytes: 0, code: '' },
  }));
  const failures = new Map<string, Failure>();
  let sent = 0;

  const send = async (request: FuzzRequest): Promise<Outcome> => {
    sent += 1;
    return await target.send(request);
  };
  const leastOf = async (request: FuzzRequest, times: number, first = Infinity): Promise<number> => {
    let least = first;
    for (let time = 0; time < times; time += 1) least = Math.min(least, (await send(request)).cpuMs);
    return least;
  };

  const requestOf = async (group: Group, { value, spelling }: Input): Promise<FuzzRequest> => {
    const write = (part: Json): string => {
      const text = writeJson(part, spelling);
      return text.length > 1.1 * group.maxBytes ? writeJson(part, 'plain') : text;
    };
    return await group.request(value, write, random);
  };

  /** Sends an input, and keeps it if it costs more than those before. */
  async function tryInput({ group, inputs }: (typeof searches)[number], input: Input): Promise<void> {
    const request = await requestOf(group, input);
    const bytes = request.path.length + (request.body?.length ?? 0);
    const { cpuMs: once, code, fault } = await send(request);
    const fail = (what: string) => void failures.set(`${group.name} ${what.replaceAll(/\d+/g, '')}`, { group: group.name, what, request });
    if (fault !== undefined) fail(fault);
    const beaten = inputs.beaten({ code, bytes, cpuMs: once });
    if (beaten === undefined) return;
    // One repetition tells most measurements that other work disturbed.
    const twice = once > noiseMs ? await leastOf(request, 1, once) : once;
    if (twice > maxCpuMs && !group.readsEverything) {
      const confirmed = await leastOf(request, 3);
      if (confirmed > maxCpuMs) fail(`takes ${Math.round(confirmed)} ms of CPU time (${bytes} bytes, ${code})`);
    }
    if (twice > beaten) inputs.keep(input, { code, bytes, cpuMs: twice });
  }

  /** Measures one of the kept inputs again, because the first time the code was cold, or other work disturbed. */
  async function doubt({ group, inputs }: (typeof searches)[number], kept: Kept | undefined, times: number): Promise<number> {
    if (!kept) return 0;
    const cpuMs = await leastOf(await requestOf(group, kept), times, kept.cpuMs);
    inputs.keep(kept, { ...kept, cpuMs });
    return cpuMs;
  }

  // Each seed as it is, so that a search begins with what the server accepts.
  for (const search of searches) for (const seed of search.group.seeds.slice(0, 3)) if (goOn(sent)) await tryInput(search, plain(seed));
  const sweeps = searches.flatMap((search) => Array.from(sweep(search.group), (value) => ({ search, value })));
  while (goOn(sent)) {
    const [next] = sweeps.length > 0 && random.chance(0.5) ? sweeps.splice(random.below(sweeps.length), 1) : [];
    if (next) {
      await tryInput(next.search, plain(next.value));
      continue;
    }
    // Half of the time goes to the groups that cost the most so far.
    const some = [random.pick(searches), random.pick(searches), random.pick(searches)];
    const costOf = ({ inputs }: (typeof searches)[number]): number => inputs.costliest?.cpuMs ?? 0;
    const search = random.chance(0.5) ? some.reduce((worst, next) => (costOf(next) > costOf(worst) ? next : worst)) : random.pick(searches);
    if (random.chance(0.1)) await doubt(search, search.inputs.doubtful(random), 1);
    else await tryInput(search, change(search.inputs, search.group, random));
  }
  const worst = [];
  for (const search of searches) {
    const { costliest } = search.inputs;
    const cpuMs = await doubt(search, costliest, 2);
    worst.push({ group: search.group.name, cpuMs, bytes: costliest?.bytes ?? 0, code: costliest?.code ?? '' });
  }
  return { sent, failures: [...failures.values()], worst: worst.sort((a, b) => b.cpuMs - a.cpuMs) };
}

const plain = (value: Json): Input => ({ value, spelling: 'plain' });

/** Changes an input in one to four places. */
function change(inputs: WorstInputs, { schema, maxBytes }: Group, random: Random): Input {
  let { value, spelling }: { value: Json; spelling: Spelling } = inputs.pick(random);
  const mutations = { random, schema, maxBytes, donors: inputs.donors(random) };
  for (let times = random.chance(0.6) ? 1 : 1 + random.below(4); times > 0; times -= 1) value = mutate(value, mutations);
  if (random.chance(0.1)) spelling = random.pick(spellings);
  return { value, spelling };
}
