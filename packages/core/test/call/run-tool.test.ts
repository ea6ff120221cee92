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

/** The messages of the errors in a log. */
const errorsIn = (lines: Awaited<ReturnType<typeof callWith>>['lines']) =>
  lines.filter(({ level }) => level === 'error').map(({ fields }) => (fields as { err: Error }).err.message);

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
  expect(errorsIn(lines)).toEqual([message]);
});

test.each([Number.NaN, Infinity, -Infinity])(
  'a read that returns %f fails, because JSON has null instead, and the log names the place',
  async (mean) => {
    const anything = z.object({ items: z.array(z.unknown()).max(2).describe('Anything') });
    const { answer, lines } = await callWith({ output: anything, run: async () => ({ items: [null, { mean }] }) });
    expect(codeOf(answer)).toBe('INTERNAL');
    expect(errorsIn(lines)).toEqual(['acme: acme_get_item returned a number that JSON does not have, at items.1.mean']);
  },
);

test('null in an output stays null', async () => {
  const nullable = z.object({ mean: z.number().nullable().describe('The mean') });
  expect((await callWith({ output: nullable, run: async () => ({ mean: null }) })).answer.structuredContent).toEqual({ mean: null });
});

test.each([
  ['an object with a message', { message: 'quota used up', status: 429, headers: { authorization: 'hidden' } }, 'quota used up'],
  ['an object with a code and a message', { code: 'E_QUOTA', message: 'used up' }, 'E_QUOTA: used up'],
  ['another object', { error: { authorization: 'hidden' }, status: 400 }, 'an object with the keys error, status'],
  ['an object without a prototype', Object.create(null), 'an object with the keys '],
  ['a number', 42, '42'],
  ['nothing', undefined, 'undefined'],
  ['a symbol', Symbol('mine'), 'Symbol(mine)'],
])('the log says what a tool threw that is no error: %s', async (_what, thrown, said) => {
  const run = async () => {
    throw thrown;
  };
  const { answer, lines } = await callWith({ output, run });
  expect(codeOf(answer)).toBe('INTERNAL');
  expect(errorsIn(lines)).toEqual([`thrown: ${said}`]);
});
