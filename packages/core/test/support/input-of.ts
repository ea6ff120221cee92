import { z } from 'zod';
import { expect } from 'vitest';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { ToolError, type Schema } from '../../src/index.ts';

/** Returns a function that validates arguments as a call of a tool with this input does. */
export function inputOf(input: Schema, connections?: 'many') {
  const tool = {
    name: 'acme_do_it',
    description: 'Does it.',
    effect: 'write',
    input,
    output: z.object({}),
    run: async () => ({}),
  } as const;
  const catalog = createCatalog([
    { spec: 'v1', id: 'acme', config: z.object({}), ...(connections && { connections }), open: () => ({}), tools: [tool] },
  ]);
  const [entry] = catalog.entries;
  if (!entry) throw new Error('no entry');
  return { parse: (args: unknown) => catalog.validateInput(entry, args) };
}

/** Returns the problems that the refusal of these arguments lists. */
export function refusal(input: Schema, args: unknown, connections?: 'many'): string[] {
  try {
    inputOf(input, connections).parse(args);
  } catch (error) {
    if (!ToolError.is(error)) throw error;
    expect(error.code).toBe('INVALID_INPUT');
    const [head, ...lines] = error.message.split('\n');
    expect(head).toBe('acme_do_it was not run. Correct the arguments and call it again:');
    return lines.map((line) => line.replace(/^- /, ''));
  }
  throw new Error('was taken');
}
