import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { cockatielResilience } from '../../src/adapters/cockatiel.ts';
import { gotHttpClient } from '../../src/adapters/got.ts';
import {
  createHost,
  defineConnector,
  localPrincipal,
  refused,
  type Context,
  type Host,
  type HttpResponse,
  type RetryClass,
} from '../../src/index.ts';
import { startSimulator, type Simulator } from '../../src/testing/index.ts';
import { codeOf, textOf } from '../support/acme.ts';

const seen: number[] = [];

/** A vendor whose writes collide with a 409, and whose 404 says that there is nothing to delete. */
const vendor = defineConnector({
  spec: 'v1',
  id: 'acme',
  config: z.object({}),
  origins: () => ['https://api.acme.example'],
  failure: ({ status }: HttpResponse<unknown>) => {
    seen.push(status);
    if (status === 409) return refused('UPSTREAM_UNAVAILABLE', 'Two writes met.', { repeat: 'idempotent' });
    return status === 404 ? refused('NOT_FOUND', 'There is none.') : undefined;
  },
  open: ({ http }) => ({
    write: (retry: RetryClass, context: Context) =>
      http.post({ path: '/items', body: { json: {} }, headers: { 'idempotency-key': context.key('item') }, retry }, context),
    remove: (context: Context) => http.delete({ path: '/items', accept: [404] }, context),
  }),
  tools: (tool) => [
    tool({
      name: 'acme_write_item',
      description: 'Writes.',
      effect: 'write',
      input: z.object({ retry: z.enum(['safe', 'keyed', 'never']).describe('Class') }),
      output: z.object({}),
      run: async ({ retry }, client, context) => {
        await client.write(retry, context);
        return {};
      },
    }),
    tool({
      name: 'acme_remove_item',
      description: 'Removes.',
      effect: 'destructive',
      input: z.object({}),
      output: z.object({ status: z.number().describe('Status') }),
      run: async (_, client, context) => ({ status: (await client.remove(context)).status }),
    }),
  ],
});

let simulator: Simulator;
let host: Host;
beforeEach(async () => {
  seen.length = 0;
  simulator = await startSimulator({ routes: { 'POST /items': () => ({ body: {} }), 'DELETE /items': () => ({ status: 404, body: {} }) } });
  host = createHost({
    connectors: [vendor],
    httpClient: gotHttpClient(),
    resilience: cockatielResilience({ backoffMs: 1 }),
    remapOrigins: { 'https://api.acme.example': simulator.url },
  });
});
afterEach(async () => {
  await host.close();
  await simulator.close();
});

async function call(tool: string, args: object) {
  const result = await host.call({ principal: localPrincipal, tool, arguments: args, signal: new AbortController().signal });
  if (result.kind === 'ask') throw new Error('asked');
  return result.answer;
}

test.each(['safe', 'keyed'] as const)('a refusal that only idempotent requests repeat is repeated in the class %s', async (retry) => {
  simulator.misbehave({ kind: 'status', status: 409 });
  expect((await call('acme_write_item', { retry })).isError).toBeUndefined();
  expect(simulator.requests).toHaveLength(2);
});

test('a refusal that only idempotent requests repeat is not repeated in the class never, and nothing is unknown', async () => {
  simulator.misbehave({ kind: 'status', status: 409 });
  const answer = await call('acme_write_item', { retry: 'never' });
  expect([codeOf(answer), textOf(answer)]).toEqual(['UPSTREAM_UNAVAILABLE', expect.stringContaining('Two writes met.')]);
  expect(simulator.requests).toHaveLength(1);
});

test('the connector is not asked whether a status that the request accepts is a failure', async () => {
  expect((await call('acme_remove_item', {})).structuredContent).toEqual({ status: 404 });
  expect(seen).toEqual([]);
});
