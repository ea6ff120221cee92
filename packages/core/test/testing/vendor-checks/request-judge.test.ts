import { describe, expect, it } from 'vitest';
import { createRequestJudge, type JudgedRequest } from '../../../src/testing/index.ts';
import { trySeededFaults } from '../../../src/testing/vendor-checks/seeded-faults.ts';

const bodyOf = (schema: object) => ({ content: { 'application/json': { schema } } });
const text = { type: 'string' };
const note = { type: 'object', required: ['text'], properties: { text, tags: { type: 'array', items: text } } };

const description = {
  paths: {
    '/notes/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }],
      get: { parameters: [{ name: 'view', in: 'query', required: true, schema: { enum: ['short', 'long'] } }] },
      put: { requestBody: bodyOf({ $ref: '#/components/schemas/Note' }) },
    },
    '/notes/many': { put: { requestBody: bodyOf({ type: 'object', properties: { notes: { type: 'array', items: note } } }) } },
  },
  components: { schemas: { Note: { allOf: [note, { type: 'object', properties: { due: { type: 'string', nullable: true } } }] } } },
};

const judge = await createRequestJudge(description);
const request = (method: string, path: string, body?: unknown, query: Record<string, string> = {}): JudgedRequest => ({
  method,
  path,
  body,
  query: new URLSearchParams(query),
});
const violations = (...given: Parameters<typeof request>) => judge(request(...given)).violations;

describe('the request judge', () => {
  it('accepts requests that match the description', () => {
    expect(violations('GET', '/notes/7', undefined, { view: 'long' })).toEqual([]);
    expect(violations('PUT', '/notes/7', { text: 'a', tags: ['b'], due: null })).toEqual([]);
    expect(violations('PUT', '/notes/many', { notes: [{ text: 'a' }] })).toEqual([]);
  });

  it('finds an operation by its method and path, and prefers a literal path', () => {
    const operation = (method: string, path: string) => judge(request(method, path)).operation;
    expect([
      operation('PUT', '/notes/many'),
      operation('PUT', '/notes/7'),
      operation('POST', '/notes/7'),
      operation('GET', '/note'),
    ]).toEqual(['PUT /notes/many', 'PUT /notes/{id}', undefined, undefined]);
  });

  it.each<[string, Parameters<typeof request>]>([
    ['a path parameter of another type', ['GET', '/notes/seven', undefined, { view: 'long' }]],
    ['a query without a required parameter', ['GET', '/notes/7']],
    ['a value that the enum does not list', ['GET', '/notes/7', undefined, { view: 'wide' }]],
    ['an undescribed query parameter', ['GET', '/notes/7', undefined, { view: 'long', colour: 'red' }]],
    ['a body where none is described', ['GET', '/notes/7', {}, { view: 'long' }]],
    ['a missing body', ['PUT', '/notes/7']],
    ['a body without a required field', ['PUT', '/notes/7', { due: 'now' }]],
    ['a field of another type', ['PUT', '/notes/7', { text: 7 }]],
    ['an undescribed null', ['PUT', '/notes/7', { text: null }]],
    ['an undescribed field', ['PUT', '/notes/7', { text: 'a', colour: 'red' }]],
    ['an undescribed field in a list', ['PUT', '/notes/many', { notes: [{ text: 'a' }, { text: 'b', colour: 'red' }] }]],
  ])('refuses %s', (_, given) => {
    expect(violations(...given)).not.toEqual([]);
  });

  it('refuses a body of an undescribed type if it knows the headers', () => {
    const put = request('PUT', '/notes/7', { text: 'a' });
    const typed = (type: string) => judge({ ...put, headers: { 'content-type': type } }).violations;
    expect([judge(put).violations, typed('application/json; charset=utf-8')]).toEqual([[], []]);
    expect(typed('text/plain')).toEqual(['header content-type: text/plain is not in the description']);
  });

  it('checks an undescribed body against an added schema', async () => {
    const body = { type: 'object', properties: { why: text }, additionalProperties: false };
    const added = await createRequestJudge(description, { additions: { 'GET /notes/{id}': { body } } });
    const violationsOf = (sent: unknown) => added(request('GET', '/notes/7', sent, { view: 'long' })).violations;
    expect(violationsOf({ why: 'old' })).toEqual([]);
    expect(violationsOf({ why: 7 })).not.toEqual([]);
  });

  it('refuses a query parameter that is given twice', () => {
    const twice = { ...request('GET', '/notes/7'), query: new URLSearchParams('view=long&view=short') };
    expect(judge(twice).violations).toEqual(['query: view is given more than once', 'query: view is given more than once']);
  });

  it.each([
    ['with a reference to a missing schema', { $ref: '#/components/schemas/Nothing' }, 'resolve'],
    ['that is not valid', { type: 'thing' }, 'type must be'],
    ['with a nullable enum without a type', { properties: { text: { nullable: true, enum: ['a'] } } }, 'nullable'],
    ['with an invalid pattern', { type: 'string', pattern: '(' }, 'Invalid regular expression'],
  ])('throws at a schema %s, and accepts nothing by it', async (_, schema, message) => {
    const paths = { '/notes': { post: { requestBody: bodyOf(schema) } } };
    const broken = await createRequestJudge({ paths, components: { schemas: {} } });
    expect(() => broken(request('POST', '/notes', { text: 'a' }))).toThrow(message);
  });
});

describe('a request that is broken in every part', () => {
  it('shows the parts that a description leaves open', async () => {
    const loose = structuredClone(description);
    loose.paths['/notes/{id}'].parameters[0] = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
    const requests = [request('GET', '/notes/7', undefined, { view: 'long' }), request('PUT', '/notes/7', { text: 'a', tags: ['b'] })];
    expect(trySeededFaults(requests, judge).passed).toEqual([]);
    expect(trySeededFaults(requests, await createRequestJudge(loose)).passed).toEqual([
      'GET /notes/{id}: path {id}',
      'PUT /notes/{id}: path {id}',
    ]);
  });

  it('exposes a judge that refuses nothing', () => {
    const requests = [request('PUT', '/notes/7', { text: 'a' })];
    const { passed, caught } = trySeededFaults(requests, (one) => ({ ...judge(one), violations: [] }));
    expect(passed).toEqual([
      'PUT /notes/{id}: body text',
      'PUT /notes/{id}: body with an unknown key',
      'PUT /notes/{id}: no body',
      'PUT /notes/{id}: path {id}',
      'PUT /notes/{id}: query with an unknown parameter',
    ]);
    expect([...caught.keys()]).toEqual([]);
  });
});

describe('an undescribed operation', () => {
  it('is judged by its stand-in', async () => {
    const source = { page: 'Notes, Delete' };
    const added = await createRequestJudge(description, {
      undescribed: { 'DELETE /notes/{id}': { source, query: { why: { schema: text, required: true } } } },
    });
    expect(added(request('DELETE', '/notes/7', undefined, { why: 'old' }))).toMatchObject({
      operation: 'DELETE /notes/{id}',
      violations: [],
    });
    expect(added(request('DELETE', '/notes/7')).violations).toEqual(['query: why is missing']);
  });

  it('cannot be listed if the description has it', async () => {
    const undescribed = { 'PUT /notes/{id}': { source: { page: 'Notes, Change' } } };
    await expect(createRequestJudge(description, { undescribed })).rejects.toThrow('PUT /notes/{id} is described');
  });
});

describe('additions to a description', () => {
  it('replace the schemas of fields, and add parameters', async () => {
    const added = await createRequestJudge(description, {
      additions: {
        'PUT /notes/{id}': {
          fields: { text: { enum: ['a'] } },
          query: { notify: { page: 'Notes, Change', schema: { type: 'boolean' } } },
          path: { id: { page: 'Notes, Ids', schema: { type: 'integer', maximum: 9 } } },
        },
      },
    });
    const put = (path: string, body: unknown, query?: Record<string, string>) => added(request('PUT', path, body, query)).violations;
    expect(put('/notes/7', { text: 'b' })).toContain('text: must be equal to one of the allowed values');
    expect(put('/notes/7', { text: 'a' }, { notify: 'perhaps' })).toContain('query notify/value: must be boolean');
    expect(put('/notes/10', { text: 'a' })).toContain('path id/value: must be <= 9');
  });

  it('cannot name an operation that the description lacks', async () => {
    await expect(createRequestJudge(description, { additions: { 'POST /notes': {} } })).rejects.toThrow('no POST /notes to add to');
  });

  it('and the description stay as they were', async () => {
    const given = { description: structuredClone(description), body: { properties: { why: { type: 'string', nullable: true } } } };
    const before = structuredClone(given);
    const added = await createRequestJudge(given.description, { additions: { 'GET /notes/{id}': { body: given.body } } });
    added(request('GET', '/notes/7', { why: null }, { view: 'long' }));
    expect(given).toEqual(before);
  });
});

describe('references of a description', () => {
  it('are followed to parameters, their schemas and bodies', async () => {
    const { paths, components } = {
      paths: {
        '/notes': {
          post: {
            parameters: [{ $ref: '#/components/parameters/View' }],
            requestBody: { $ref: '#/components/requestBodies/Note' },
          },
        },
      },
      components: {
        parameters: { View: { name: 'view', in: 'query', schema: { $ref: '#/components/schemas/View' } } },
        requestBodies: { Note: bodyOf({ $ref: '#/components/schemas/Note' }) },
        schemas: { Note: note, View: { type: 'integer', maximum: 3 } },
      },
    };
    const referring = await createRequestJudge({ paths, components });
    const post = (body: unknown, view: string) => referring(request('POST', '/notes', body, { view })).violations;
    expect(post({ text: 'a' }, '3')).toEqual([]);
    expect(post({ text: 'a' }, '4')).toEqual(['query view/value: must be <= 3']);
    expect(post({ text: 7, colour: 'red' }, '3')).toEqual(['body/text: must be string', 'body.colour is not in the description']);
  });
});
