import { callTool } from '@busbar/core/testing';
import { expect, test } from 'vitest';
import { hello } from '../src/hello.ts';

test('greets in the words of the connection', async () => {
  const answer = await callTool(hello, 'hello_greet_person', { name: 'Ada' }, { greeting: 'Good morning' });
  expect(answer.structuredContent).toEqual({ message: 'Good morning, Ada!' });
});
