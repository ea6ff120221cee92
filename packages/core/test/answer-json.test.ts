import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { answerJson, createHost, defineConnector, localPrincipal, result } from '../src/index.ts';

const text = 'She said "hello",\nand \u0000 and \uD800 and …';
const output = z.object({ said: z.string().describe('What was said') });
const content = [{ type: 'text' as const, text }];

test.each([
  ['an output', { output, run: async () => ({ said: text }) }],
  ['an output and content', { output, run: async () => result({ said: text }, { content }) }],
  ['content alone', { run: async () => result(undefined, { content }) }],
  ['an output and metadata', { output, run: async () => result({ said: text }, { meta: { 'acme/by': text } }) }],
])('the JSON of an answer with %s is what JSON.stringify writes', async (_what, outcome) => {
  const connector = defineConnector({
    spec: 'v1',
    id: 'said',
    config: z.object({}),
    open: () => ({}),
    tools: (tool) => [
      tool({
        name: 'said_show_words',
        description: 'Shows what was said.',
        effect: 'read',
        input: z.object({}),
        ...outcome,
      }),
    ],
  });
  const host = createHost({ connectors: [connector] });
  onTestFinished(() => host.close());
  const { signal } = new AbortController();
  const called = await host.call({ principal: localPrincipal, tool: 'said_show_words', arguments: {}, signal });
  if (called.kind === 'ask') throw new Error('It asks for nothing.');
  const json = answerJson(called.answer);
  expect(json).toBe(JSON.stringify(called.answer));
  expect(json).toContain('hello');
});
