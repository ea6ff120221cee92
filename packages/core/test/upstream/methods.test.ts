import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { defineConnector, type Context } from '../../src/index.ts';
import { openSandbox, startSimulator } from '../../src/testing/index.ts';

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;
const Answer = z.object({ tags: z.array(z.string()) });

const acme = defineConnector({
  spec: 'v1',
  id: 'acme',
  config: z.object({}),
  origins: () => ['https://api.acme.example'],
  // The functions need no `this`.
  open: ({ http: { get, post, put, patch, delete: remove } }) => ({ get, post, put, patch, delete: remove }),
  tools: (tool) => [
    tool({
      name: 'acme_send_tags',
      description: 'Sends tags by one of the methods.',
      effect: 'write',
      input: z.object({ method: z.enum(methods).describe('The method'), tags: z.array(z.string()).describe('The tags') }),
      output: Answer,
      run: async ({ method, tags }, client, context: Context) =>
        (await client[method]({ path: '/items/{id}', params: { id: 1 }, query: { 'tags[]': tags }, response: Answer }, context)).data,
    }),
    tool({
      name: 'acme_post_form',
      description: 'Posts tags as a form.',
      effect: 'write',
      input: z.object({ tags: z.array(z.string()).describe('The tags') }),
      output: Answer,
      run: async ({ tags }, { post }, context) =>
        (await post({ path: '/items', body: { form: { tags, page: 1 } }, response: Answer }, context)).data,
    }),
  ],
});

async function open() {
  const simulator = await startSimulator({
    routes: {
      ...Object.fromEntries(
        methods.map((method) => [
          `${method.toUpperCase()} /items/{id}`,
          ({ query }: { query: URLSearchParams }) => ({ status: 200, body: { tags: query.getAll('tags[]') } }),
        ]),
      ),
      'POST /items': ({ rawBody }) => ({ status: 200, body: { tags: new URLSearchParams(rawBody).getAll('tags') } }),
    },
  });
  const account = await openSandbox(acme, { ...simulator, config: {}, remapOrigins: { 'https://api.acme.example': simulator.url } });
  onTestFinished(() => account.close());
  return account;
}

test.each(methods)('http.%s sends that method, and repeats a name of the query for each item of its array', async (method) => {
  const { call, sandbox } = await open();
  expect(await call('acme_send_tags', { method, tags: ['b', 'a&c'] })).toEqual({ tags: ['b', 'a&c'] });
  expect(sandbox.requests.map((request) => [request.method, request.url])).toEqual([
    [method.toUpperCase(), '/items/1?tags%5B%5D=b&tags%5B%5D=a%26c'],
  ]);
});

test('a form repeats a name for each item of its array, and leaves an empty array out', async () => {
  const { call, sandbox } = await open();
  expect(await call('acme_post_form', { tags: ['b', 'a'] })).toEqual({ tags: ['b', 'a'] });
  expect(await call('acme_post_form', { tags: [] })).toEqual({ tags: [] });
  expect(sandbox.requests.map(({ rawBody }) => rawBody)).toEqual(['tags=b&tags=a&page=1', 'page=1']);
});
