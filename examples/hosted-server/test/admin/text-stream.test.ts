import { manualClock } from '@busbar/core/testing';
import { describe, expect, test } from 'vitest';
import { textStream } from '../../src/admin/text-stream.ts';

describe('textStream', () => {
  async function* parts(closed: () => void) {
    try {
      yield* ['one', 'two', 'three'];
    } finally {
      closed();
    }
  }

  test('fails when its reader has taken nothing for 30 seconds, and closes its parts', async () => {
    const clock = manualClock();
    const closed = Promise.withResolvers<string>();
    const reader = (
      await textStream(
        parts(() => closed.resolve('closed')),
        clock,
      )
    ).getReader();
    await reader.read();
    await clock.advance(29_999);
    await reader.read();
    await clock.advance(29_999);
    await clock.advance(1);
    await expect(reader.read()).rejects.toThrow('read nothing for 30 s');
    expect(await closed.promise).toBe('closed');
  });

  test('leaves no timer behind when it ends or is cancelled', async () => {
    const clock = manualClock();
    const whole = await textStream(
      parts(() => {}),
      clock,
    );
    expect(await new Response(whole).text()).toBe('onetwothree');
    expect(clock.sleeping).toBe(0);
    const cancelled = await textStream(
      parts(() => {}),
      clock,
    );
    await cancelled.cancel();
    expect(clock.sleeping).toBe(0);
  });
});
