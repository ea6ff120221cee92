import { expect, test } from 'vitest';
import { LargeAnswers } from '../../src/upstream/large-answers.ts';

const staying = new AbortController().signal;

test('a tenant reads eight large answers at a time, the others in order, and another tenant reads beside it', async () => {
  const answers = new LargeAnswers();
  const ends = await Promise.all(Array.from({ length: 8 }, () => answers.begin('a', staying)));
  const order: string[] = [];
  const next = ['ninth', 'tenth'].map(async (name) => {
    const end = await answers.begin('a', staying);
    order.push(name);
    return end;
  });
  (await answers.begin('b', staying))();
  expect(order).toEqual([]);
  ends[0]?.();
  const ninth = await next[0];
  expect(order).toEqual(['ninth']);
  ninth?.();
  (await next[1])?.();
  for (const end of ends.slice(1)) end();
  (await answers.begin('a', staying))();
});

test('an answer whose request is aborted waits no longer, and takes no turn', async () => {
  const answers = new LargeAnswers();
  const ends = await Promise.all(Array.from({ length: 8 }, () => answers.begin('a', staying)));
  const abort = new AbortController();
  const gone = answers.begin('a', abort.signal);
  const last = answers.begin('a', staying);
  abort.abort(new Error('gone'));
  await expect(gone).rejects.toThrow('gone');
  await expect(answers.begin('a', abort.signal)).rejects.toThrow('gone');
  ends[0]?.();
  (await last)();
});
