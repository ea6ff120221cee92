import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { answerJson, createHost, defineConnector, localPrincipal, result } from '../src/index.ts';

const text = 'She said "hello",\nand \u0000 and \uD800 and …';
const content = [{ type: 'text' as const, text }];

const said = defineConnector({
  spec: 'v1',
  id: 'said',
  config: z.object({}),
  open: () => ({}),
  tools: (tool) => {
    const described = { description: 'Shows what was said.', effect: 'read' as const, input: z.object({}) };
    const output = z.object({ said: z.string().describe('What was said') });
    return [
      tool({ ...described, name: 'said_show_output', output, run: async () => ({ said: text }) }),
      tool({ ...described, name: 'said_show_both', output, run: async () => result({ said: text }, { content }) }),
      tool({ ...described, name: 'said_show_content', run: async () => result(undefined, { content }) }),
      tool({ ...described, name: 'said_show_metadata', output, run: async () => result({ said: text }, { meta: { 'acme/by': text } }) }),
    ];
  },
});

test.each(['output', 'both', 'content', 'metadata'])('the JSON of an answer with %s equals the output of JSON.stringify', async (what) => {
  const host = createHost({ connectors: [said] });
  onTestFinished(() => host.close());
  const { signal } = new AbortController();
  const called = await host.call({ principal: localPrincipal, tool: `said_show_${what}`, arguments: {}, signal });
  if (called.kind === 'ask') throw new Error('It asks for nothing.');
  const json = answerJson(called.answer);
  expect(json).toBe(JSON.stringify(called.answer));
  expect(json).toContain('hello');
});
