import { EventEmitter, once } from 'node:events';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { defineConnector } from '../../../src/index.ts';
import { manualClock } from '../../../src/testing/manual-clock.ts';
import { startBothLanes } from './both-lanes.ts';
import { differencesOf } from './compare.ts';
import { sent } from './http-request.ts';
import { Line } from './http-connection.ts';
import { call, modernVersion } from './requests.ts';

const events = new EventEmitter();
const slow = defineConnector({
  spec: 'v1',
  id: 'twin',
  config: z.object({}),
  open: () => ({}),
  tools: (tool) => [
    tool({
      name: 'twin_wait_long',
      description: 'Waits until it is told to finish.',
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

const slowCall = (version: string | undefined) => sent(call(version, 'twin_wait_long'));

afterEach(() => void vi.useRealTimers());

test.each([modernVersion, '2025-11-25', undefined])(
  'a call of %s that takes long is kept alive in the same way by both lanes',
  async (version) => {
    // The SDK takes its time from Node, and the fast lane from the clock.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const clock = manualClock();
    const lanes = await startBothLanes({ host: { connectors: [slow], clock, callTimeoutMs: 60_000 } });
    const lines = [new Line(lanes.sdk.port), new Line(lanes.both.port)] as const;
    onTestFinished(async () => {
      for (const line of lines) line.close();
      await lanes.close();
    });
    const answered = Promise.all([lines[0].send(slowCall(version)), lines[1].send(slowCall(version))]);
    while (events.listenerCount('finish') < lines.length) await once(events, 'started');
    // Whatever begins with the tool has begun.
    await clock.advance(0);
    for (const ms of [15_000, 15_000, 5_000]) {
      vi.advanceTimersByTime(ms);
      await clock.advance(ms);
    }
    events.emit('finish');
    const [sdk, both] = await answered;
    expect(differencesOf(sdk, both)).toEqual([]);
    expect(sdk.replies[0]?.body.split(': keepalive').length).toBe(version === modernVersion ? 1 : 3);
  },
);
