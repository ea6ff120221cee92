import { afterEach, beforeEach } from 'vitest';
import { z } from 'zod';
import {
  createHost,
  defineConnector,
  localPrincipal,
  memoryConnections,
  secret,
  type Answer,
  type Context,
  type Host,
  type HostOptions,
} from '../../src/index.ts';
import { cockatielResilience, type CockatielResilienceOptions } from '../../src/adapters/cockatiel.ts';
import { gotHttpClient } from '../../src/adapters/got.ts';
import { startSimulator, type Simulator } from '../../src/testing/index.ts';

const Item = z.looseObject({ id: z.string(), parts: z.array(z.looseObject({ tags: z.array(z.string()) })).optional() });
const id = z.object({ id: z.string().describe('Which item') });
const name = z.object({ name: z.string().describe('What to call it') });
const item = z.object({ id: z.string() });

/** A fictional vendor with one operation of each retry class. */
const acme = defineConnector({
  spec: 'v1',
  id: 'acme',
  connections: 'many',
  config: z.object({ token: secret(z.string()).default('canary-token') }),
  origins: () => ['https://api.acme.example'],
  authorization: ({ token }) => ({ kind: 'bearer', token }),
  limits: {
    narrow: { concurrent: 1 },
    hourly: { requests: 1, windowMs: 3_600_000 },
    told: { readRateLimit: (headers) => ({ remaining: headers.get('x-ratelimit-remaining'), reset: headers.get('x-ratelimit-reset') }) },
  },
  open: ({ http }) => ({
    get: (id: string, context: Context) => http.request({ method: 'GET', path: '/items/{id}', params: { id }, response: Item }, context),
    create: (name: string, context: Context) =>
      http.request({ method: 'POST', path: '/items', body: { json: { name } }, response: Item, ifLost: 'Search for the name.' }, context),
    createOnce: (name: string, context: Context) =>
      http.request(
        {
          method: 'POST',
          path: '/items',
          body: { json: { name } },
          headers: { 'Idempotency-Key': context.key('item') },
          retry: 'keyed',
          response: Item,
        },
        context,
      ),
    rename: (id: string, name: string, context: Context) =>
      http.request({ method: 'PUT', path: '/items/{id}', params: { id }, body: { form: { name } }, retry: 'safe' }, context),
    limited: (limit: string, context: Context) => http.request({ method: 'GET', path: '/limited', limit }, context),
    export: (context: Context) => http.rows({ method: 'GET', path: '/export', response: Item }, context),
    search: (name: string, context: Context) =>
      http.request({ method: 'POST', path: '/search', body: { json: { name } }, retry: 'safe' }, context),
    elsewhere: (context: Context) => http.request({ method: 'GET', path: '/', origin: 'https://evil.example' }, context),
  }),
  tools: (tool) => [
    tool({
      name: 'acme_get_item',
      description: 'Reads an item.',
      effect: 'read',
      input: id,
      output: item,
      run: async ({ id }, client, context) => (await client.get(id, context)).data,
    }),
    tool({
      name: 'acme_get_kept_item',
      description: 'Reads an item, cached for a minute.',
      effect: 'read',
      cache: { ttlMs: 60_000 },
      input: id,
      output: item,
      run: async ({ id }, client, context) => (await client.get(id, context)).data,
    }),
    tool({
      name: 'acme_create_item',
      description: 'Creates an item.',
      effect: 'write',
      input: name,
      output: item,
      run: async ({ name }, client, context) => (await client.create(name, context)).data,
    }),
    tool({
      name: 'acme_create_item_once',
      description: 'Creates an item once.',
      effect: 'write',
      input: name,
      output: item,
      run: async ({ name }, client, context) => (await client.createOnce(name, context)).data,
    }),
    tool({
      name: 'acme_copy_item',
      description: 'Creates an item, then renames it.',
      effect: 'write',
      input: name,
      output: item,
      run: async ({ name }, client, context) => {
        const { data } = await client.createOnce(name, context);
        await client.rename(data.id, `${name} (copy)`, context);
        return data;
      },
    }),
    tool({
      name: 'acme_create_or_find_item',
      description: 'Creates an item, and searches for it if the answer is lost.',
      effect: 'write',
      input: name,
      output: item,
      run: async ({ name }, client, context) => {
        try {
          return (await client.create(name, context)).data;
        } catch {
          return (await client.get('found', context)).data;
        }
      },
    }),
    tool({
      name: 'acme_list_limited',
      description: 'Draws on a limit.',
      effect: 'read',
      input: z.object({ limit: z.string().describe('Which limit') }),
      output: z.object({}),
      run: async ({ limit }, client, context) => {
        await client.limited(limit, context);
        return {};
      },
    }),
    tool({
      name: 'acme_export_items',
      description: 'Exports items.',
      effect: 'read',
      input: z.object({ most: z.number().describe('The most items to export') }),
      output: z.object({ ids: z.array(z.string()) }),
      run: async ({ most }, client, context) => {
        const ids: string[] = [];
        for await (const { id } of client.export(context)) if (ids.push(id) >= most) break;
        return { ids };
      },
    }),
    tool({
      name: 'acme_create_and_ask',
      description: 'Creates an item, and asks too late.',
      effect: 'write',
      input: name,
      output: item,
      run: async ({ name }, client, context) => {
        const { data } = await client.create(name, context);
        await context.ask('Was that right?', z.object({ right: z.boolean() }));
        return data;
      },
    }),
    tool({
      name: 'acme_search_items',
      description: 'Searches by POST.',
      effect: 'read',
      input: name,
      output: z.object({}),
      run: async ({ name }, client, context) => {
        await client.search(name, context);
        return {};
      },
    }),
    tool({
      name: 'acme_stray_item',
      description: 'Tries to leave.',
      effect: 'read',
      input: z.object({}),
      output: z.object({}),
      run: async (_, client, context) => {
        await client.elsewhere(context);
        return {};
      },
    }),
  ],
  check: async (client, context) => ({ account: (await client.get('me', context)).data.id }),
});

/** The vendor, and the ids that it has created. */
export type Acme = Simulator & { readonly created: readonly string[] };

/** Starts the vendor's server. It creates an item once for each idempotency key, and a new item for each request without a key. */
async function startAcme(): Promise<Acme> {
  const created: string[] = [];
  const byKey = new Map<string, string>();
  const simulator = await startSimulator({
    routes: {
      'GET /items/{id}': ({ params }) => ({ status: 200, body: { id: params['id'] } }),
      'POST /search': () => ({ status: 200, body: {} }),
      'POST /items': ({ headers, body }) => {
        if ((body as { name?: string }).name === 'forbidden') return { status: 422, body: { error: 'That name is not allowed here.' } };
        const key = headers['idempotency-key'];
        const known = key === undefined ? undefined : byKey.get(key);
        const itemId = known ?? `item-${created.length + 1}`;
        if (known === undefined) created.push(itemId);
        if (key !== undefined) byKey.set(key, itemId);
        return { status: 201, body: { id: itemId } };
      },
      'PUT /items/{id}': () => ({ status: 204 }),
      'GET /limited': () => ({ status: 200, body: {} }),
      'GET /export': () => ({
        status: 200,
        headers: { 'content-type': 'application/x-ndjson' },
        body: '{"id":"a"}\n{"id":"b"}\n\n{"id":"c"}',
      }),
    },
  });
  return Object.assign(simulator, { created });
}

/** Creates a host with acme on two connections, `one` (the default) and `two`, against a simulator. */
export function acmeHost(
  simulator: Simulator,
  { resilience, ...options }: Partial<Omit<HostOptions, 'resilience'>> & { resilience?: CockatielResilienceOptions } = {},
) {
  const clock = options.clock;
  const host = createHost({
    connectors: [acme],
    httpClient: gotHttpClient(),
    resilience: cockatielResilience({
      backoffMs: 1,
      ...(clock && { clock }),
      ...(options.observer && { observer: options.observer }),
      ...resilience,
    }),
    connections: memoryConnections([
      { connector: 'acme', name: 'one', isDefault: true, config: {} },
      { connector: 'acme', name: 'two', config: { token: 'canary-second' } },
    ]),
    remapOrigins: { 'https://api.acme.example': simulator.url },
    ...options,
  });
  const call = async (
    tool: string,
    args: object,
    extra: { signal?: AbortSignal; idempotencyKey?: string; traceparent?: string } = {},
  ): Promise<Answer> => {
    const result = await host.call({ principal: localPrincipal, tool, arguments: args, signal: new AbortController().signal, ...extra });
    if (result.kind === 'ask') throw new Error('asked');
    return result.answer;
  };
  return { host, call };
}

/** Returns the code of an error answer, or undefined for a success. */
export function codeOf(answer: Answer): string | undefined {
  return (answer.meta?.['busbar/error'] as { code?: string } | undefined)?.code;
}

/** Returns all text of an answer. */
export function textOf(answer: Answer): string {
  return answer.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}

/** Starts a vendor before each test of a file, and closes it and its hosts after the test. */
export function useAcme(onStart: (acme: Acme) => void) {
  const hosts: Host[] = [];
  let acme: Acme;
  beforeEach(async () => {
    acme = await startAcme();
    onStart(acme);
  });
  afterEach(async () => {
    acme.recover();
    await Promise.all(hosts.splice(0).map((host) => host.close(0)));
    await acme.close();
  });
  return (options?: Parameters<typeof acmeHost>[1]) => {
    const started = acmeHost(acme, options);
    hosts.push(started.host);
    return started;
  };
}
