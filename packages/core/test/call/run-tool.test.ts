import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createHost, defineConnector, localPrincipal, ToolError, type AnyTool } from '../../src/index.ts';
import { recordingLog } from '../mcp/recording-log.ts';
import { codeOf } from '../support/acme.ts';

/** Calls a tool with this output and this `run`, as an author of plain JavaScript may write them. */
async function callWith(definition: Pick<AnyTool<unknown>, 'output' | 'run'>) {
  const { log, lines } = recordingLog();
  const tool: AnyTool<unknown> = { name: 'acme_get_item', description: 'Reads.', effect: 'read', input: z.object({}), ...definition };
  const connector = defineConnector({ spec: 'v1', id: 'acme', config: z.object({}), open: () => ({}), tools: () => [tool] });
  const host = createHost({ connectors: [connector], log });
  onTestFinished(() => host.close());
  const called = await host.call({
    principal: localPrincipal,
    tool: tool.name,
    arguments: {},
    signal: new AbortController().signal,
  });
  if (called.kind === 'ask') throw new Error('It asks for nothing.');
  return { answer: called.answer, lines };
}

const output = z.object({ text: z.string().describe('A text') });

test('a tool may return its output without a promise', async () => {
  expect((await callWith({ output, run: () => ({ text: 'a' }) })).answer.structuredContent).toEqual({ text: 'a' });
});

test('a tool may throw before it returns a promise', async () => {
  const run = () => {
    throw new ToolError('NOT_FOUND', 'No such item.');
  };
  expect(codeOf((await callWith({ output, run })).answer)).toBe('NOT_FOUND');
});

test('the log names the connector and the tool that has neither an output schema nor content, and says what to write', async () => {
  const { answer, lines } = await callWith({ run: () => ({ text: 'a' }) });
  expect(codeOf(answer)).toBe('INTERNAL');
  const message =
    'acme: acme_get_item has no output schema, and returned no content. Write output: z.object({ … }), or return result(undefined, { content: [ … ] })';
  const errors = lines.filter(({ level }) => level === 'error').map(({ fields }) => (fields as { err: Error }).err.message);
  expect(errors).toEqual([message]);
});
