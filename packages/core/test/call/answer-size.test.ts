import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createHost, defineConnector, localPrincipal, result, type Content } from '../../src/index.ts';

const mostBytes = 1_000;

/** What becomes of an answer of such content, with the structured output 7. */
async function codeFor(content: readonly object[]): Promise<unknown> {
  const connector = defineConnector({
    spec: 'v1',
    id: 'size',
    config: z.object({}),
    open: () => ({}),
    tools: (tool) => [
      tool({
        name: 'size_show_content',
        description: 'Shows what it is told to show.',
        effect: 'read',
        input: z.object({}),
        output: z.object({ n: z.int().describe('A number') }),
        run: async () => result({ n: 7 }, { content: content as readonly Content[] }),
      }),
    ],
  });
  const host = createHost({ connectors: [connector], maxAnswerBytes: mostBytes });
  onTestFinished(() => host.close());
  const { signal } = new AbortController();
  const called = await host.call({ principal: localPrincipal, tool: 'size_show_content', arguments: {}, signal });
  if (called.kind === 'ask') throw new Error('It asks for nothing.');
  return (called.answer.meta?.['busbar/error'] as { readonly code?: unknown } | undefined)?.code;
}

const structured = JSON.stringify({ n: 7 });
const roomFor = (part: object) => mostBytes - Buffer.byteLength(structured) - Buffer.byteLength(JSON.stringify([part]));

test.each<[string, (filler: string) => object, string, number]>([
  ['text', (text) => ({ type: 'text', text }), 'a', 1],
  ['text of characters that take three bytes', (text) => ({ type: 'text', text }), '…', 3],
  ['text that JSON escapes', (text) => ({ type: 'text', text }), '\u0000', 6],
  ['what hangs on a text', (filler) => ({ type: 'text', text: 'a', annotations: { filler } }), 'a', 1],
  ['what stands in the place of a text', (filler) => ({ type: 'text', text: { filler } }), 'a', 1],
  ['a picture', (data) => ({ type: 'image', data, mimeType: 'image/png' }), 'a', 1],
])('counts %s to the byte', async (_what, part, unit, bytes) => {
  const fits = Math.floor(roomFor(part('')) / bytes);
  expect(await codeFor([part(unit.repeat(fits))])).toBeUndefined();
  expect(await codeFor([part(unit.repeat(fits + 1))])).toBe('RESULT_TOO_LARGE');
});
