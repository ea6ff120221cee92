import { expect, test } from 'vitest';
import { LargeAnswers } from '../../src/upstream/large-answers.ts';

const staying = new AbortController().signal;

test('a tenant reads eight large answers at a time, the others in order, and another tenant reads beside it', async () => {
  const answers = new LargeAnswers();
  const held = await Promise.all(Array.from({ length: 8 }, () => answers.begin('a', staying)));
  const order: string[] = [];
  const next = ['ninth', 'tenth'].map(async (name) => {
    const answer = await answers.begin('a', staying);
    order.push(name);
    return answer;
  });
  (await answers.begin('b', staying)).end();
  expect(order).toEqual([]);
  held[0]?.end();
  const ninth = await next[0];
  expect(order).toEqual(['ninth']);
  ninth?.end();
  (await next[1])?.end();
  for (const answer of held.slice(1)) answer.end();
  (await answers.begin('a', staying)).end();
});

test('an answer whose request is aborted waits no longer, and takes no turn', async () => {
  const answers = new LargeAnswers();
  const held = await Promise.all(Array.from({ length: 8 }, () => answers.begin('a', staying)));
  const abort = new AbortController();
  const gone = answers.begin('a', abort.signal);
  const last = answers.begin('a', staying);
  abort.abort(new Error('gone'));
  await expect(gone).rejects.toThrow('gone');
  await expect(answers.begin('a', abort.signal)).rejects.toThrow('gone');
  held[0]?.end();
  (await last).end();
});

test('of the large answers of all tenants one is parsed in a turn of the event loop, so that other work goes on in between', async () => {
  const answers = new LargeAnswers();
  const order: string[] = [];
  const parsed = ['a', 'b', 'a'].map(async (tenant) => {
    await (await answers.begin(tenant, staying)).turn();
    order.push('answer');
    // Other work that has become ready in this turn.
    setImmediate(() => order.push('other'));
  });
  await Promise.all(parsed);
  await new Promise<void>((resolve) => void setImmediate(resolve));
  expect(order).toEqual(['answer', 'other', 'answer', 'other', 'answer', 'other']);
});
