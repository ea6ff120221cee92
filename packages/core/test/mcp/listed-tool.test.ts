import { expect, test } from 'vitest';
import { z } from 'zod';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { defineConnector, type Effect } from '../../src/index.ts';
import { listedTool } from '../../src/mcp/listed-tool.ts';

/** The tool's title and hints, as clients see them. */
function listed(effect: Effect, { idempotent, origins }: { idempotent?: boolean; origins?: () => string[] } = {}) {
  const connector = defineConnector({
    spec: 'v1',
    id: 'acme',
    config: z.object({}),
    ...(origins && { origins }),
    open: () => ({}),
    tools: (tool) => [
      tool({
        name: 'acme_do_thing',
        description: 'Does something.',
        effect,
        ...(idempotent !== undefined && { idempotent }),
        input: z.object({}),
        output: z.object({}),
        run: async () => ({}),
      }),
    ],
  });
  const [entry] = createCatalog([connector]).entries;
  return entry && listedTool(entry);
}

test('a tool has a title that people can read', () => {
  expect(listed('read')?.title).toBe('Acme do thing');
});

test.each([
  ['read', {}, { readOnlyHint: true, destructiveHint: false, idempotentHint: true }],
  ['write', {}, { readOnlyHint: false, destructiveHint: false, idempotentHint: false }],
  ['write', { idempotent: true }, { readOnlyHint: false, destructiveHint: false, idempotentHint: true }],
  ['destructive', {}, { readOnlyHint: false, destructiveHint: true, idempotentHint: false }],
  ['destructive', { idempotent: true }, { readOnlyHint: false, destructiveHint: true, idempotentHint: true }],
] as const)('the hints of a %s with %j agree with its effect', (effect, declared, hints) => {
  expect(listed(effect, declared)?.annotations).toEqual({ ...hints, openWorldHint: false });
});

test('only a tool that may reach a vendor is of the open world', () => {
  expect(listed('read', { origins: () => ['https://acme.example.com'] })?.annotations?.openWorldHint).toBe(true);
});
