import { EventEmitter, once } from 'node:events';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { defineConnector } from '../../../src/index.ts';
import { manualClock } from '../../../src/testing/manual-clock.ts';
import { startBothLanes } from './both-lanes.ts';
import { differencesOf } from './compare.ts';
import { toWire } from './http-request.ts';
import { HttpConnection } from './http-connection.ts';
import { call, modernVersion } from './requests.ts';

const events = new EventEmitter();
const slow = defineConnector({
  spec: 'v1',
  id: 'reference',
  config: z.object({}),
  open: () => ({}),
  tools: (tool) => [
    tool({
      name: 'reference_wait_long',
      description: 'Waits for the event `finish`.',
      effect: 'read',
      input: z.object({}),
      output: z.object({ text: z.string().describe('Any text') }),
      run: async () => {
        const finished = once(events, 'finish');
        events.emit('started');
        await finished;
        return { text: 'done' };
      },
    }),
  ],
});

const slowCall = (version: string | undefined) => toWire(call(version, 'reference_wait_long'));

afterEach(() => void vi.useRealTimers());

test.each([modernVersion, '2025-11-25', undefined])('both lanes keep a long call of %s alive in the same way', async (version) => {
  // The SDK uses Node's timers, and the fast lane the clock.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const clock = manualClock();
  const lanes = await startBothLanes({ host: { connectors: [slow], clock, callTimeoutMs: 60_000 } });
  const connections = [new HttpConnection(lanes.sdk.port), new HttpConnection(lanes.both.port)] as const;
  onTestFinished(async () => {
    for (const connection of connections) connection.close();
    await lanes.close();
  });
  const answered = Promise.all([connections[0].send(slowCall(version)), connections[1].send(slowCall(version))]);
  while (events.listenerCount('finish') < connections.length) await once(events, 'started');
  // Lets all timers that begin with the tool begin.
  await clock.advance(0);
  for (const ms of [15_000, 15_000, 5_000]) {
    vi.advanceTimersByTime(ms);
    await clock.advance(ms);
  }
  events.emit('finish');
  const [sdk, both] = await answered;
  expect(differencesOf(sdk, both)).toEqual([]);
  expect(sdk.replies[0]?.body.split(': keepalive').length).toBe(version === modernVersion ? 1 : 3);
});
