import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startBothLanes, type Finding } from './both-lanes.ts';
import { corpus } from './corpus/all.ts';
import { judge, report } from './differences.ts';
import { HttpConnection } from './http-connection.ts';
import { toWire } from './http-request.ts';
import { unusedMasks } from './masks.ts';
import { bases, modern } from './requests.ts';

let lanes: Awaited<ReturnType<typeof startBothLanes>>;
let findings: readonly Finding[];

beforeAll(async () => {
  lanes = await startBothLanes();
  findings = await lanes.compare(corpus);
});
afterAll(() => lanes.close());

test('the corpus holds more than 2,000 distinct requests, each with a name of its own', () => {
  const distinct = new Set(corpus.map(({ packets }) => packets.map((packet) => packet.toString('latin1')).join('')));
  expect(distinct.size).toBeGreaterThan(2_000);
  expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
});

test('both lanes answer all of the corpus with the same bytes, except for listed differences', () => {
  const { unlisted } = judge(findings);
  expect(unlisted.length, report(unlisted)).toBe(0);
});

test('every listed difference still occurs', () => {
  expect(judge(findings).gone).toEqual([]);
});

test('every mask is needed', () => {
  expect(unusedMasks()).toEqual([]);
});

test('both lanes report the same events and log lines to the operator', () => {
  expect(lanes.both.takeRecords()).toEqual(lanes.sdk.takeRecords());
});

test('the fast lane answers plain requests, and the SDK lane others', async () => {
  // The SDK takes web requests, and the fast lane creates none.
  const constructed = vi.spyOn(globalThis, 'Request');
  const connection = new HttpConnection(lanes.both.port);
  const lanesOf = async (requests: typeof bases) => {
    const used: string[] = [];
    for (const request of requests) {
      constructed.mockClear();
      await connection.send(toWire(request));
      used.push(`${request.name}: ${constructed.mock.calls.length === 0 ? 'fast' : 'SDK'}`);
    }
    return used;
  };
  try {
    expect(await lanesOf(bases)).toEqual(bases.map(({ name }) => `${name}: fast`));
    const others = [modern('prompts/list'), modern('tools/list', { cursor: 'a' }), modern('subscriptions/listen')];
    expect(await lanesOf(others)).toEqual(others.map(({ name }) => `${name}: SDK`));
  } finally {
    connection.close();
    constructed.mockRestore();
  }
});
