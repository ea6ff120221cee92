import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineConnector } from '../../src/index.ts';
import { openSandbox, startSimulator } from '../../src/testing/index.ts';

const origin = 'https://api.acme.example';

const acme = defineConnector({
  spec: 'v1',
  id: 'acme',
  config: z.object({}),
  origins: () => [origin],
  open: ({ http }) => http,
  tools: (tool) => [
    tool({
      name: 'acme_read_item',
      description: 'Reads an item in a language.',
      effect: 'read',
      input: z.object({ language: z.string().describe('The language') }),
      output: z.object({ language: z.string().describe('The language') }),
      run: async ({ language }, http, context) =>
        (await http.get({ path: '/items', headers: { 'X-Language': language }, response: z.object({ language: z.string() }) }, context))
          .data,
    }),
  ],
});

async function openAcme() {
  const simulator = await startSimulator({
    routes: { 'GET /items': ({ headers }) => ({ body: { language: headers['x-language'] } }) },
    failure: (status) => ({ body: { status } }),
  });
  return openSandbox(acme, { ...simulator, config: {}, remapOrigins: { [origin]: simulator.url } });
}

test('a header keeps the characters that it can hold', async () => {
  const account = await openAcme();
  expect(await account.call('acme_read_item', { language: 'd\u00e9\tx' })).toEqual({ language: 'd\u00e9\tx' });
  await account.close();
});

test.each(['a\r\nx-admin: 1', 'a\u0000', '😀'])(
  'a header that cannot hold %j is a mistake of the caller, and nothing is sent',
  async (language) => {
    const account = await openAcme();
    expect(await account.failure('acme_read_item', { language })).toMatch(/^INVALID_INPUT: The value for the header X-Language has/);
    expect(account.sandbox.requests).toHaveLength(0);
    await account.close();
  },
);
