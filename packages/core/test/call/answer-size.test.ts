import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createHost, defineConnector, localPrincipal, result, type Content } from '../../src/index.ts';

const maxBytes = 1_000;

/** Returns the error code for an answer with this content and the structured output 7. */
async function codeFor(content: readonly object[]): Promise<unknown> {
  const connector = defineConnector({
    spec: 'v1',
    id: 'size',
    config: z.object({}),
    open: () => ({}),
    tools: (tool) => [
      tool({
        name: 'size_show_content',
        description: 'Shows its content.',
        effect: 'read',
        input: z.object({}),
        output: z.object({ n: z.int().describe('A number') }),
        run: async () => result({ n: 7 }, { content: content as readonly Content[] }),
      }),
    ],
  });
  const host = createHost({ connectors: [connector], maxAnswerBytes: maxBytes });
  onTestFinished(() => host.close());
  const { signal } = new AbortController();
  const called = await host.call({ principal: localPrincipal, tool: 'size_show_content', arguments: {}, signal });
  if (called.kind === 'ask') throw new Error('The tool never asks.');
  return (called.answer.meta?.['busbar/error'] as { readonly code?: unknown } | undefined)?.code;
}

const structured = JSON.stringify({ n: 7 });
const roomFor = (part: object) => maxBytes - Buffer.byteLength(structured) - Buffer.byteLength(JSON.stringify([part]));

test.each<[string, (filler: string) => object, string, number]>([
  ['text', (text) => ({ type: 'text', text }), 'a', 1],
  ['text of characters that take three bytes', (text) => ({ type: 'text', text }), '…', 3],
  ['text that JSON escapes', (text) => ({ type: 'text', text }), '\u0000', 6],
  ['a field beside a text', (filler) => ({ type: 'text', text: 'a', annotations: { filler } }), 'a', 1],
  ['an object in place of a text', (filler) => ({ type: 'text', text: { filler } }), 'a', 1],
  ['a picture', (data) => ({ type: 'image', data, mimeType: 'image/png' }), 'a', 1],
])('the limit of an answer counts %s to the byte', async (_name, part, unit, bytes) => {
  const fits = Math.floor(roomFor(part('')) / bytes);
  expect(await codeFor([part(unit.repeat(fits))])).toBeUndefined();
  expect(await codeFor([part(unit.repeat(fits + 1))])).toBe('RESULT_TOO_LARGE');
});
