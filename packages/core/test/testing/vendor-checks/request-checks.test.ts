import { describe, expect, test } from 'vitest';
import type { Connector } from '../../../src/index.ts';
import { openSandbox, requestChecks, type RequestFixture } from '../../../src/testing/index.ts';
import { acmeWith, withClient } from '../connector-checks/acme-connector.ts';
import { startAcme } from '../connector-checks/acme-vendor.ts';

const text = { type: 'string', minLength: 2 };
const noteId = { type: 'string', pattern: '^note-[0-9]+$' };
const body = { type: 'object', required: ['text'], properties: { text }, additionalProperties: false };
const requestBody = { required: true, content: { 'application/json': { schema: body } } };
const idempotencyKey = { name: 'Idempotency-Key', in: 'header', required: true, schema: { type: 'string' } };
const description = {
  paths: {
    '/notes': { post: { parameters: [idempotencyKey], requestBody } },
    '/notes/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: noteId }],
      get: {},
      put: { requestBody },
    },
  },
};

const connector = acmeWith(['create_note', 'edit_note']);
const undescribed = {
  'POST /token': {
    source: { page: 'OAuth, Tokens' },
    body: {
      type: 'object',
      properties: { grant_type: { const: 'client_credentials' }, client_id: { const: 'busbar' }, client_secret: { enum: ['secret'] } },
      required: ['grant_type', 'client_id', 'client_secret'],
      additionalProperties: false,
    },
  },
};

/** The fixture of a connector whose tools are called with these inputs. */
const fixtureOf = (tested: Connector, tools: readonly string[], input: object = { id: 'note-2', text: 'Buy bread' }): RequestFixture => ({
  description: () => description,
  undescribed,
  async traffic() {
    const account = await openSandbox(tested, await startAcme({ canary: 'secret' }));
    for (const tool of tools) await account.answer(tool, tool === 'acme_create_note' ? { text: 'Buy milk' } : input);
    await account.close();
    return { calls: account.calls, requests: account.sandbox.requests };
  },
});
const everyTool = ['acme_create_note', 'acme_edit_note'];
const good = fixtureOf(connector, everyTool);

const overHeader = withClient(connector, (client, http) => ({
  edit: async (context, id, said) => {
    await http.request(
      {
        method: 'PUT',
        path: '/notes/{id}',
        params: { id },
        query: { notify: true },
        body: { json: { text: said } },
      },
      context,
    );
    return await client.get(context, id);
  },
}));
const listing = withClient(connector, (client) => ({
  edit: async (context, id, said) => {
    await client.list(context, undefined);
    return await client.edit(context, id, said);
  },
}));

const withTake = (taken: object): RequestFixture => ({ ...good, ...taken });

describe('requestChecks', () => {
  test.each(requestChecks(connector, good))('pass for a connector whose requests are as described: $name', async ({ run }) => {
    expect(await run()).toBeUndefined();
  });

  test('read the description and make the calls once', async () => {
    const made: string[] = [];
    const checks = requestChecks(connector, {
      ...good,
      description: () => (made.push('description'), description),
      traffic: () => (made.push('traffic'), good.traffic()),
    });
    expect(made).toEqual([]);
    await Promise.all(checks.map(({ run }) => run()));
    expect(made).toEqual(['description', 'traffic']);
  });

  test('pass over fields whose content is up to the caller', async () => {
    const free = { type: 'object' };
    const loose = structuredClone(description);
    Object.assign(loose.paths['/notes'].post.requestBody.content['application/json'].schema.properties, { text: free });
    const request = { method: 'POST', path: '/notes', query: new URLSearchParams(), body: { text: { any: [1] } } };
    const [, , , , faults] = requestChecks(connector, {
      description: () => loose,
      traffic: () => ({ calls: [], requests: [request] }),
      freeFormFields: ['text'],
    });
    expect(await faults?.run()).toBeUndefined();
  });

  test.each<[fault: string, tested: Connector, fixture: RequestFixture, finds: string]>([
    ['a request that the description does not have', listing, fixtureOf(listing, everyTool), 'belongs to an operation that is described'],
    ['a parameter that the description does not have', overHeader, fixtureOf(overHeader, everyTool), 'matches the description'],
    ['a tool that is never called', connector, fixtureOf(connector, ['acme_edit_note']), 'comes from calls that use every input'],
    ['a tool that is called, though it is listed as silent', connector, withTake({ silentTools: ['acme_create_note'] }), 'every input'],
    [
      'an undescribed operation that is never used',
      connector,
      withTake({ undescribed: { ...undescribed, 'GET /me': { source: { page: 'Users, Me' } } } }),
      'covers each operation listed as undescribed',
    ],
    [
      'an undescribed operation without a source',
      connector,
      withTake({ undescribed: { 'POST /token': { ...undescribed['POST /token'], source: { page: 'somewhere' } } } }),
      'covers each operation listed as undescribed',
    ],
    [
      'an undescribed operation that the description has under another template',
      connector,
      withTake({ description: () => ({ paths: { ...description.paths, '/{any}': { post: {} } } }) }),
      'covers each operation listed as undescribed',
    ],
    [
      'a part that the description leaves open',
      connector,
      withTake({
        description: () => ({
          paths: { ...description.paths, '/notes/{id}': { ...description.paths['/notes/{id}'], parameters: [] } },
        }),
      }),
      'is refused by the judge with any fault',
    ],
    [
      'a fault that is accepted for no reason',
      connector,
      withTake({ acceptedFaults: ['PUT /notes/{id}: path {id}'] }),
      'is refused by the judge',
    ],
  ])('find %s', async (_, tested, fixture, finds) => {
    const failed: string[] = [];
    for (const { name, run } of requestChecks(tested, fixture)) await run().catch(() => failed.push(name));
    expect(failed).toContainEqual(expect.stringContaining(finds));
  });
});
