import { z } from 'zod';
import { ToolError, type Context } from '../../../src/index.ts';
import { acmeClient, acmeWith, withClient, type AcmeConnector } from './acme-connector.ts';
import { moreFixture, moreWith } from './acme-more.ts';
import type { BrokenConnector } from './broken-connector.ts';

const one = acmeWith(['get_note']);
const Note = z.looseObject({ id: z.string() });
const ifLost = 'List the notes.';
const heedless = moreWith('publish_note', {
  async run({ id }: { readonly id: string }, client, context) {
    await context.ask('Publish the note?', z.object({ sure: z.boolean() })).catch(() => {});
    await client.edit(context, id, 'Published');
    return { published: true };
  },
});

/** Connectors with a fault while the vendor works, or in their writes. */
export const brokenBehaviours: readonly BrokenConnector[] = [
  {
    fault: 'answers with another output than it declares',
    finds: 'answers the example of each tool with the declared output',
    connector: acmeWith(['get_note'], { run: async () => ({ note: 1 }) }),
  },
  {
    fault: 'has a validator that accepts everything',
    finds: 'refuses invalid input before it sends anything',
    connector: acmeWith(['create_note'], {
      input: {
        jsonSchema: {
          type: 'object',
          properties: { text: { type: 'string', maxLength: 100, description: 'What it says, at most 100 characters' } },
          required: ['text'],
        },
        parse: (value: unknown) => value,
      },
    }),
  },
  {
    fault: 'waits in open()',
    finds: 'does nothing while it opens',
    connector: {
      ...one,
      open({ http, clock }) {
        clock.sleep(1, new AbortController().signal).catch(() => {});
        return acmeClient(http);
      },
    },
  },
  {
    fault: 'reads its state in open()',
    finds: 'does nothing while it opens',
    connector: {
      ...one,
      open({ http, state }) {
        state.get('note', z.string()).catch(() => {});
        return acmeClient(http);
      },
    },
  },
  {
    fault: 'sends a request before it refuses an invalid input',
    finds: 'refuses invalid input before it sends anything',
    connector: acmeWith(['get_note'], {
      input: {
        jsonSchema: {
          type: 'object',
          properties: { id: { type: 'string', maxLength: 50, description: 'Id of the note, at most 50 characters' } },
          required: ['id'],
        },
        parse: (value: unknown) => value as { id?: unknown },
      },
      async run({ id }: { readonly id?: unknown }, client, context) {
        const { id: known } = await client.get(context, 'note-1');
        if (typeof id !== 'string') throw new ToolError('INVALID_INPUT', 'Give the id of a note.');
        return { id: known };
      },
    }),
  },
  {
    fault: 'cannot be closed twice',
    finds: 'can close a client twice, used or not',
    connector: closingOnce(),
  },
  {
    fault: 'calls fetch',
    finds: 'reaches the network only through its http',
    connector: withClient(one, (client) => ({
      async get(context, id) {
        await fetch('http://127.0.0.1:59999/').catch(() => {});
        return await client.get(context, id);
      },
    })),
  },
  {
    fault: 'cannot be checked',
    finds: 'names the account of a valid credential',
    connector: withoutCheck(),
  },
  {
    fault: 'names no account when it is checked',
    finds: 'names the account of a valid credential',
    connector: { ...one, check: async (client, context) => ({ account: (await client.me(context)).name.slice(9) }) },
  },
  {
    fault: 'checks without a request',
    finds: 'reports a wrong credential as UNAUTHENTICATED when it is checked',
    connector: { ...one, check: async () => ({ account: 'home' }) },
  },
  {
    fault: 'reports a wrong credential as missing rights',
    finds: 'reports a wrong credential as UNAUTHENTICATED when it is checked',
    connector: {
      ...one,
      check: async (client, context) => {
        const account = await client.me(context).catch(() => undefined);
        return { account: account?.name ?? 'anonymous' };
      },
    },
  },
  {
    fault: 'writes with a read tool',
    finds: 'changes nothing with its read tools',
    connector: acmeWith(['create_note'], { effect: 'read' }),
  },
  {
    fault: 'writes to its state with a read tool',
    finds: 'changes nothing with its read tools',
    connector: {
      ...one,
      open: ({ http, state }) => ({
        ...acmeClient(http),
        async get(context: Context, id: string) {
          await state.set('seen', id, undefined);
          return await acmeClient(http).get(context, id);
        },
      }),
    },
  },
  {
    fault: 'declares a read as a write',
    finds: 'changes something with its other tools',
    connector: acmeWith(['get_note'], { effect: 'write' }),
  },
  {
    fault: 'deletes with a tool that is not destructive',
    finds: 'declares tools that delete as destructive',
    connector: acmeWith(['remove_note'], { effect: 'write' }),
  },
  {
    fault: 'asks a person, and writes after any answer',
    finds: 'writes nothing if the person it asks says no',
    connector: heedless,
    fixture: moreFixture(heedless),
  },
  {
    fault: 'makes its own key for a keyed request',
    finds: 'sends a key of context.key() in each keyed request',
    connector: withClient(acmeWith(['create_note']), (_, http) => ({
      create: async (context, text) =>
        (
          await http.request(
            {
              method: 'POST',
              path: '/notes',
              body: { json: { text } },
              headers: { 'idempotency-key': crypto.randomUUID() },
              retry: 'keyed',
              response: Note,
              ifLost,
            },
            context,
          )
        ).data,
    })),
  },
  {
    fault: 'makes two writes with one key',
    finds: 'gives each write of a call its own key',
    connector: withClient(acmeWith(['create_note']), (client) => ({
      async create(context, text) {
        await client.create(context, 'A heading');
        return await client.create(context, text);
      },
    })),
  },
  {
    fault: 'declares a write as safe that creates a record each time',
    finds: 'makes a write once, even if its answer is lost',
    connector: withClient(acmeWith(['create_note']), (_, http) => ({
      create: async (context, text) =>
        (await http.request({ method: 'POST', path: '/notes', body: { json: { text } }, retry: 'safe', response: Note, ifLost }, context))
          .data,
    })),
  },
  {
    fault: 'repeats a write by itself that it may not repeat',
    finds: 'makes a write once, even if its answer is lost',
    connector: withClient(acmeWith(['edit_note']), (client) => ({
      edit: (context, id, text) =>
        client.edit(context, id, text).catch((error: Error) => {
          if (error.message.includes('503')) return client.edit(context, id, text);
          throw error;
        }),
    })),
  },
  {
    fault: 'does not say how to find out about a write',
    finds: 'says for each write how to find out whether it happened',
    connector: withClient(acmeWith(['remove_note']), (_, http) => ({
      async remove(context, id) {
        await http.request({ method: 'DELETE', path: '/notes/{id}', params: { id } }, context);
      },
    })),
  },
];

function closingOnce(): AcmeConnector {
  const closed = new WeakSet<object>();
  return {
    ...one,
    async close(client) {
      if (closed.has(client)) throw new Error('closed already');
      closed.add(client);
    },
  };
}

function withoutCheck(): AcmeConnector {
  const { check: _, ...connector } = one;
  return connector;
}
