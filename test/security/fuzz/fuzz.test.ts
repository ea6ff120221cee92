import { describe, expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';
import type { Group, Target } from './target.ts';
import { isObject, writeJson, type Json } from './json.ts';
import { seededRandom } from './random.ts';

const steps = 2_500;
const maxCpuMs = 50;

/** Calls of a tool that takes mails. */
const mails: Group = {
  name: 'mails',
  seeds: [{ to: ['ada@example.com'], subject: 'a', data: { a: 'b' } }],
  schema: {
    type: 'object',
    properties: {
      to: { type: 'array', items: { type: 'string', format: 'email' } },
      subject: { type: 'string' },
      data: { type: 'object', additionalProperties: { type: 'string' } },
    },
    required: ['to', 'subject'],
  },
  maxBytes: 16 * 1024,
  request: (value, write) => ({ method: 'POST', path: '/', headers: {}, body: write(value) }),
};

/** A server whose cost is a formula, so that a search is the same each time. */
const costing = (cost: (value: Readonly<Record<string, Json>>) => number): Target => ({
  async send({ body = '' }) {
    const value = JSON.parse(body) as Json;
    // Parsing costs time, too: what is large is costly, even if nothing is wrong with it.
    return { cpuMs: body.length / 10_000 + (isObject(value) ? cost(value) : 0), code: 'fine' };
  },
});

const search = (target: Target, seed: number) =>
  fuzz({ groups: [mails], target, random: seededRandom(seed), maxCpuMs, goOn: (sent) => sent < steps });

const lengthOf = (part: Json | undefined): number => (typeof part === 'string' || Array.isArray(part) ? part.length : 0);
const depthOf = (part: Json | undefined): number => {
  let depth = 0;
  for (let inner = part; typeof inner === 'object' && inner !== null; inner = Object.values(inner)[0]) depth += 1;
  return depth;
};
const longestRun = (text: Json | undefined, of: RegExp): number =>
  typeof text === 'string' ? Math.max(0, ...(text.match(of) ?? []).map((run) => run.length)) : 0;

describe.each([2])('with the seed %i the fuzzer finds', (seed) => {
  test.each<[string, (value: Readonly<Record<string, Json>>) => number]>([
    ['a step for each pair of items', ({ to }) => lengthOf(to) ** 2 / 5_000],
    ['a step for each pair of keys', ({ data }) => (isObject(data) ? Object.keys(data).length ** 2 / 2_000 : 0)],
    ['a pattern that goes back at a run of spaces', ({ subject }) => longestRun(subject, /\s+/g) ** 2 / 20_000],
    [
      'a pattern that goes back at a run before its end',
      ({ subject }) => (typeof subject === 'string' && /[!"]$/.test(subject) ? lengthOf(subject) ** 2 / 20_000 : 0),
    ],
    ['a step for each level of a nested value', ({ data }) => depthOf(data) ** 2 / 5_000],
    [
      'a step for each item that is not valid',
      ({ to }) => (Array.isArray(to) ? to.filter((item) => typeof item !== 'string' || !item.includes('@')).length / 10 : 0),
    ],
    [
      'a cost that one long item in a long list has',
      ({ to }) => (Array.isArray(to) ? (Math.max(0, ...to.map(lengthOf)) * to.length) / 5_000 : 0),
    ],
  ])('%s', async (_what, cost) => {
    const { failures } = await search(costing(cost), seed);
    expect(failures).toMatchObject([{ group: 'mails', what: expect.stringMatching(/^takes \d+ ms of CPU time/) }]);
    const again = await costing(cost).send(failures[0]?.request ?? { method: '', path: '', headers: {} });
    expect(again.cpuMs).toBeGreaterThan(maxCpuMs);
  });

  test('nothing where nothing is wrong', async () => {
    expect(
      await search(
        costing(() => 0),
        seed,
      ),
    ).toMatchObject({ failures: [], worst: [{ group: 'mails' }] });
  });
});

test('a cost that is not there again is noise, and no fault', async () => {
  let sent = 0;
  const noisy: Target = {
    async send() {
      sent += 1;
      return { cpuMs: sent % 4 === 0 ? 500 : 1, code: 'fine' };
    },
  };
  expect((await search(noisy, 1)).failures).toEqual([]);
});

test('an answer that is a fault is reported once for each kind, with its request', async () => {
  const failing: Target = {
    async send({ body = '' }) {
      const bad = body.includes('__proto__');
      return { cpuMs: 1, code: bad ? '500' : 'fine', ...(bad && { fault: 'answers with 500' }) };
    },
  };
  const { failures } = await search(failing, 1);
  expect(failures).toMatchObject([{ what: 'answers with 500', request: { body: expect.stringContaining('__proto__') } }]);
});

test('every spelling of a value is JSON of that value', () => {
  const value = { a: ['b"\u0000\ud83d\ude00', 1, -2, 1.5, true, null, { '': {} }], __proto__x: [] };
  for (const spelling of ['plain', 'escaped', 'spaced', 'digits', 'repeated'] as const)
    expect(JSON.parse(writeJson(value, spelling)), spelling).toEqual(value);
});
