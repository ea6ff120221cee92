import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startBothLanes, type Finding } from './both-lanes.ts';
import { corpus } from './corpus/all.ts';
import { judge, report } from './differences.ts';
import { sent } from './http-request.ts';
import { Line } from './http-connection.ts';
import { idleMasks } from './masks.ts';
import { bases, modern } from './requests.ts';

let lanes: Awaited<ReturnType<typeof startBothLanes>>;
let findings: readonly Finding[];

beforeAll(async () => {
  lanes = await startBothLanes();
  findings = await lanes.compare(corpus);
});
afterAll(() => lanes.close());

test('holds more than 2,000 distinct requests, each under a name of its own', () => {
  const distinct = new Set(corpus.map(({ packets }) => packets.map((packet) => packet.toString('latin1')).join('')));
  expect(distinct.size).toBeGreaterThan(2_000);
  expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
});

test('both lanes answer all of it with the same bytes, but for what is listed', () => {
  const { unlisted } = judge(findings);
  expect(unlisted.length, report(unlisted)).toBe(0);
});

test('every listed difference still occurs', () => {
  expect(judge(findings).gone).toEqual([]);
});

test('every mask is needed', () => {
  expect(idleMasks()).toEqual([]);
});

test('whoever operates the server hears the same of both lanes', () => {
  expect(lanes.both.told()).toEqual(lanes.sdk.told());
});

test('plain requests go by the fast lane, and others by the SDK’s', async () => {
  // The SDK takes requests of the web, and the fast lane makes none.
  const made = vi.spyOn(globalThis, 'Request');
  const line = new Line(lanes.both.port);
  const lanesOf = async (drafts: typeof bases) => {
    const found: string[] = [];
    for (const draft of drafts) {
      made.mockClear();
      await line.send(sent(draft));
      found.push(`${draft.name}: ${made.mock.calls.length === 0 ? 'fast' : 'SDK'}`);
    }
    return found;
  };
  try {
    expect(await lanesOf(bases)).toEqual(bases.map(({ name }) => `${name}: fast`));
    const others = [modern('prompts/list'), modern('tools/list', { cursor: 'a' }), modern('subscriptions/listen')];
    expect(await lanesOf(others)).toEqual(others.map(({ name }) => `${name}: SDK`));
  } finally {
    line.close();
    made.mockRestore();
  }
});
