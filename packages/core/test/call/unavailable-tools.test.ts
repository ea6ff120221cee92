import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createHost, defineConnector, localPrincipal, ToolError } from '../../src/index.ts';

/** Calls a tool that fails with this message, as a caller with these toolsets. Returns the texts of the answer. */
async function textsOf(message: string, toolsets?: readonly string[]): Promise<unknown[]> {
  const common = { description: 'Does something.', effect: 'read', input: z.object({}), output: z.object({}) } as const;
  const connector = defineConnector({
    spec: 'v1',
    id: 'desk',
    config: z.object({}),
    open: () => ({}),
    tools: (tool) => [
      tool({
        ...common,
        name: 'desk_get_ticket',
        run: () => {
          throw new ToolError('NOT_FOUND', message);
        },
      }),
      tool({ ...common, name: 'desk_list_fields', toolsets: ['setup'], run: () => ({}) }),
      tool({ ...common, name: 'desk_list_views', toolsets: ['setup'], run: () => ({}) }),
    ],
  });
  const host = createHost({ connectors: [connector] });
  onTestFinished(() => host.close());
  const { signal } = new AbortController();
  const called = await host.call({ principal: { ...localPrincipal, toolsets }, tool: 'desk_get_ticket', arguments: {}, signal });
  if (called.kind === 'ask') throw new Error('The tool never asks.');
  return called.answer.content.map((part) => ('text' in part ? part.text : part));
}

const advice = 'There is no such field. Find it with desk_list_fields or desk_list_views.';

test('an error that advises a tool of another toolset says that the caller cannot call it', async () => {
  expect(await textsOf(advice, ['default'])).toEqual([
    `NOT_FOUND: ${advice}`,
    'You cannot call desk_list_fields or desk_list_views here, because this API key is limited to other toolsets. Find another way, or ask a person.',
  ]);
});

test.each([
  ['a caller may call', advice, ['default', 'setup']],
  ['a caller without limits may call', advice, undefined],
  ['do not exist', 'The values of ticket_form_id and desk_no_tool differ.', ['default']],
])('an error says nothing about names that %s', async (_case, message, toolsets) => {
  expect(await textsOf(message, toolsets)).toEqual([`NOT_FOUND: ${message}`]);
});
