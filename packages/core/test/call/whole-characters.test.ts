import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createHost, defineConnector, localPrincipal, result, ToolError, type Answer, type Content } from '../../src/index.ts';

const half = 'a\ud83d';
const mended = 'a\uFFFD';
const text = { text: z.string().describe('A text') };

const cutting = defineConnector({
  spec: 'v1',
  id: 'cut',
  config: z.object({}),
  open: () => ({}),
  tools: (tool) => {
    const described = { description: 'Shows half of a character.', effect: 'read' as const, input: z.object({}) };
    const output = z.object({ ...text, map: z.record(z.string(), z.string()).optional().describe('A map') });
    return [
      tool({ ...described, name: 'cut_show_output', output, run: async () => ({ text: half, map: { [half]: '😀' } }) }),
      tool({
        ...described,
        name: 'cut_show_content',
        run: async () => {
          const content: Content[] = [
            { type: 'text', text: half },
            { type: 'resource', resource: { uri: 'a:b', text: half } },
          ];
          return result(undefined, { content, meta: { 'acme/by': half } });
        },
      }),
      tool({
        ...described,
        name: 'cut_fail_half',
        output,
        run: async (_input, _client, context) => {
          context.warn(`${'w'.repeat(499)}😀`);
          throw new ToolError('NOT_FOUND', `No ${half}.`);
        },
      }),
      tool({
        ...described,
        name: 'cut_report_half',
        output,
        run: async (_input, _client, context) => {
          context.progress(1, 2, half);
          const { name } = await context.ask(half, z.object({ name: z.string().describe('Name') }));
          return { text: name };
        },
      }),
    ];
  },
});

async function callCut(tool: string, progress?: (done: number, total: number | undefined, message: string | undefined) => void) {
  const host = createHost({ connectors: [cutting] });
  onTestFinished(() => host.close());
  const { signal } = new AbortController();
  return host.call({ principal: localPrincipal, tool, arguments: {}, signal, answers: {}, ...(progress && { progress }) });
}

async function answerOf(tool: string): Promise<Answer> {
  const called = await callCut(tool);
  if (called.kind === 'ask') throw new Error('It asks for nothing.');
  return called.answer;
}

test('an answer has no half of a character, in its structured content, its text and its keys', async () => {
  const { structuredContent, content } = await answerOf('cut_show_output');
  const shown = { text: mended, map: { [mended]: '😀' } };
  expect(structuredContent).toEqual(shown);
  expect(content.map((part) => (part.type === 'text' ? JSON.parse(part.text) : part))).toEqual([shown]);
});

test('content and metadata of a tool’s own have no half of a character', async () => {
  expect(await answerOf('cut_show_content')).toMatchObject({
    content: [
      { type: 'text', text: mended },
      { type: 'resource', resource: { uri: 'a:b', text: mended } },
    ],
    meta: { 'acme/by': mended },
  });
});

test('an error and its warnings have no half of a character', async () => {
  expect((await answerOf('cut_fail_half')).content).toEqual([
    { type: 'text', text: `NOT_FOUND: No ${mended}.` },
    { type: 'text', text: `Warning: ${'w'.repeat(499)}` },
  ]);
});

test('progress and questions have no half of a character', async () => {
  const messages: unknown[] = [];
  expect(await callCut('cut_report_half', (_done, _total, message) => messages.push(message))).toMatchObject({
    kind: 'ask',
    message: mended,
  });
  expect(messages).toEqual([mended]);
});
