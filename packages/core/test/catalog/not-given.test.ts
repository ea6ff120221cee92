import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createHost, defineConnector, localPrincipal, type Effect, type Schema } from '../../src/index.ts';
import { withoutNulls } from '../../src/catalog/not-given.ts';
import { textOf } from '../support/acme.ts';
import { inputOf, refusal } from '../support/input-of.ts';

const parsed = (input: Schema, args: unknown) => inputOf(input).parse(args).input;

const Person = z.object({
  email: z.email().describe('E-mail'),
  name: z.string().optional().describe('Name'),
  phone: z.string().nullish().describe('Phone; null removes it'),
});
const Ticket = z.object({
  subject: z.string().describe('Subject'),
  priority: z.enum(['low', 'high']).default('low').describe('Priority'),
  count: z.int().optional().describe('Count'),
  due: z.string().nullable().optional().describe('Due date; null removes it'),
  requester: Person.optional().describe('Requester'),
  people: z.array(Person).max(10).optional().describe('People'),
  byName: z.record(z.string(), Person).optional().describe('e.g. {"a": {"email": "a@example.com"}}'),
  other: z.unknown().optional().describe('Any value'),
});

test('null for an optional input means that it is not given, and its default applies', () => {
  expect(parsed(Ticket, { subject: 'a', priority: null, count: null, requester: null })).toEqual({ subject: 'a', priority: 'low' });
});

test('null for an optional input of a nested object, of a list or of a map means that it is not given', () => {
  const person = { email: 'a@example.com', name: null };
  const bare = { email: 'a@example.com' };
  expect(parsed(Ticket, { subject: 'a', requester: person, people: [person, bare], byName: { k: person } })).toEqual({
    subject: 'a',
    priority: 'low',
    requester: bare,
    people: [bare, bare],
    byName: { k: bare },
  });
});

test('null reaches the tool where the schema accepts null, even if another input has a null that does not count', () => {
  const args = { subject: 'a', due: null, other: null, count: null, requester: { email: 'a@example.com', phone: null, name: null } };
  expect(parsed(Ticket, args)).toEqual({
    subject: 'a',
    priority: 'low',
    due: null,
    other: null,
    requester: { email: 'a@example.com', phone: null },
  });
});

test('a map of thousands of keys with nulls is read by its schema once, and not again for each key', () => {
  let reads = 0;
  const row = {
    get anyOf() {
      reads += 1;
      return [{ type: 'string' }, { type: 'object', properties: { a: { type: 'string' } } }];
    },
  };
  const rows = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`row ${n}`, { a: null }]));
  const { given } = withoutNulls({ type: 'object', additionalProperties: row }, rows);
  expect(given['row 7']).toEqual({});
  expect(reads).toBeLessThan(10);
});

test('null for a required input, for an item of a list or for a value of a map is refused', () => {
  expect(refusal(Ticket, { subject: null, count: null })).toEqual(['subject: must be a string, not null']);
  expect(refusal(Ticket, { subject: 'a', requester: { email: null } })).toEqual(['requester.email: must be a string, not null']);
  expect(refusal(Ticket, { subject: 'a', people: [null] })).toEqual(['people[0]: must be an object, not null']);
  expect(refusal(Ticket, { subject: 'a', byName: { k: null } })).toEqual(['byName.k: must be an object, not null']);
});

test('null for an unknown key is refused as an unknown key', () => {
  expect(refusal(Ticket, { subject: 'a', prio: null })[0]).toMatch(/^unknown key "prio"/);
});

test('null for an optional input counts as not given in each alternative of a union', () => {
  const Target = z.object({
    target: z
      .union([
        z.object({ kind: z.literal('id').describe('Kind'), id: z.int().describe('Id'), note: z.string().optional().describe('Note') }),
        z.object({
          kind: z.literal('name').describe('Kind'),
          name: z.string().describe('Name'),
          note: z.string().optional().describe('Note'),
        }),
      ])
      .describe('Target'),
  });
  expect(parsed(Target, { target: { kind: 'name', name: 'a', note: null } })).toEqual({ target: { kind: 'name', name: 'a' } });
});

test('null counts as not given for a plugin’s own parser, as its JSON Schema says', () => {
  const own: Schema = {
    jsonSchema: {
      type: 'object',
      properties: {
        query: { type: 'string', description: 'Q' },
        limit: { type: 'integer', description: 'L' },
        owner: { type: ['string', 'null'], description: 'O' },
        page: { $ref: '#/$defs/page', description: 'P' },
      },
      required: ['query'],
      $defs: { page: { type: 'object', properties: { size: { type: 'integer', description: 'S' } } } },
    },
    parse: (value: unknown) => value,
  };
  expect(parsed(own, { query: null, limit: null, owner: null, page: { size: null } })).toEqual({ query: null, owner: null, page: {} });
});

test('null for an optional input is not converted to a value, also if no other input is null', () => {
  const input = z.object({
    count: z.coerce.number().optional().describe('Count'),
    name: z.coerce.string().optional().describe('Name'),
    open: z.coerce.boolean().default(true).describe('Open'),
    text: z.string().optional().describe('Text'),
  });
  expect(parsed(input, { count: null, name: null, open: null })).toEqual({ open: true });
  expect(parsed(input, { count: null, name: null, open: null, text: null })).toEqual({ open: true });
});

test('null for all arguments, or for the connection, means that they are not given', () => {
  expect(parsed(z.object({}), null)).toEqual({});
  expect(inputOf(z.object({}), 'many').parse({ connection: null })).toEqual({ input: {}, connection: undefined });
});

const Page = z.object({
  cursor: z.string().optional().describe('Cursor'),
  commentsCursor: z.string().optional().describe('Cursor of the comments'),
  text: z.string().optional().describe('Text'),
});

test('an empty cursor means the first page', () => {
  expect(parsed(Page, { cursor: '', commentsCursor: '', text: '' })).toEqual({ text: '' });
  expect(parsed(Page, { cursor: 'a', commentsCursor: null })).toEqual({ cursor: 'a' });
});

test('a required input of the name cursor may be empty', () => {
  expect(parsed(z.object({ cursor: z.string().describe('Text cursor') }), { cursor: '' })).toEqual({ cursor: '' });
});

test('the arguments themselves stay unchanged', () => {
  const args = Object.freeze({ subject: 'a', count: null, requester: Object.freeze({ email: 'a@example.com', name: null }) });
  parsed(Ticket, args);
  expect(args).toEqual({ subject: 'a', count: null, requester: { email: 'a@example.com', name: null } });
});

test('a call says for which inputs null did not count, because its caller may have meant to clear or to find something', async () => {
  const textsFor = async (effect: Effect, ...calls: object[]): Promise<string[]> => {
    const connector = defineConnector({
      spec: 'v1',
      id: 'acme',
      config: z.object({}),
      open: () => ({}),
      tools: (tool) => [
        tool({
          name: 'acme_edit_ticket',
          description: 'Edits a ticket.',
          effect,
          ...(effect === 'read' && { cache: { ttlMs: 60_000 } }),
          input: Ticket,
          output: z.object({ keys: z.array(z.string()).describe('The given inputs') }),
          run: (input) => ({ keys: Object.keys(input) }),
        }),
      ],
    });
    const host = createHost({ connectors: [connector] });
    onTestFinished(() => host.close());
    const { signal } = new AbortController();
    const texts: string[] = [];
    for (const args of calls) {
      const called = await host.call({ principal: localPrincipal, tool: 'acme_edit_ticket', arguments: args, signal });
      texts.push(called.kind === 'answer' ? textOf(called.answer) : '');
    }
    return texts;
  };
  const args = { subject: 'a', count: null, due: null, requester: { email: 'a@example.com', name: null } };
  const warning = 'Warning: null counts as “not given” for count, name, so nothing was changed there.';
  const without = { subject: 'a', requester: { email: 'a@example.com' }, due: null };
  expect(await textsFor('write', args, without)).toEqual([expect.stringContaining(warning), expect.not.stringContaining('Warning')]);
  // Both reads have one answer, from the cache.
  const hint = expect.stringContaining('Warning: null counts as “not given” for count, name, so it had no effect.');
  expect(await textsFor('read', args, without)).toEqual([hint, expect.not.stringContaining('Warning')]);
  expect(await textsFor('read', without, args)).toEqual([expect.not.stringContaining('Warning'), hint]);
});
