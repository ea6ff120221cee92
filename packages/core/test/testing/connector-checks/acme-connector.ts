import { z } from 'zod';
import { defineConnector, secret, ToolError, type Connector, type Context, type Http } from '../../../src/index.ts';
import type { AnyTool } from '../../../src/connector/tool.ts';
import type { ConnectorFixture } from '../../../src/testing/index.ts';
import { startAcme } from './acme-vendor.ts';

// Lenient where the connector can do without.
const Note = z.looseObject({ id: z.string(), text: z.string().nullish(), author: z.string().nullish() });
const Page = z.looseObject({ notes: z.array(Note), next: z.string().nullish() });
const NoteView = z.object({
  id: z.string().describe('Id of the note'),
  text: z.string().optional().describe('What it says'),
});
const view = ({ id, text }: z.output<typeof Note>) => ({ id, ...(typeof text === 'string' && { text }) });
const id = z.string().min(1).max(50).describe('Id of the note, 1 to 50 characters');
const text = z.string().min(1).max(500).describe('What the note says, 1 to 500 characters');
const ifLost = 'List the notes with acme_list_notes and look for it.';

export const acmeClient = (http: Http) => ({
  me: async (context: Context) =>
    (await http.request({ method: 'GET', path: '/me', response: z.looseObject({ name: z.string() }) }, context)).data,
  get: async (context: Context, id: string) =>
    (await http.request({ method: 'GET', path: '/notes/{id}', params: { id }, response: Note }, context)).data,
  list: async (context: Context, after: string | undefined) =>
    (await http.request({ method: 'GET', path: '/notes', query: { after }, response: Page }, context)).data,
  create: async (context: Context, text: string) =>
    (
      await http.request(
        {
          method: 'POST',
          path: '/notes',
          body: { json: { text } },
          headers: { 'idempotency-key': context.key('note') },
          retry: 'keyed',
          response: Note,
          ifLost,
        },
        context,
      )
    ).data,
  edit: async (context: Context, id: string, text: string) =>
    (await http.request({ method: 'PUT', path: '/notes/{id}', params: { id }, body: { json: { text } }, response: Note, ifLost }, context))
      .data,
  remove: async (context: Context, id: string) => {
    await http.request({ method: 'DELETE', path: '/notes/{id}', params: { id }, ifLost }, context);
  },
});
export type AcmeClient = ReturnType<typeof acmeClient>;
export type AcmeConnector = Connector<z.ZodObject, AcmeClient>;

/** A connector that keeps every rule, one tool of each kind. The broken ones are made of it. */
export const acme: AcmeConnector = defineConnector({
  spec: 'v1',
  id: 'acme',
  config: z.object({
    account: z
      .string()
      .regex(/^[a-z]{1,20}$/)
      .describe('The account: "home" for https://home.acme.example'),
    clientSecret: secret(z.string().min(1)).describe('The secret of the OAuth client'),
  }),
  origins: ({ account }) => [`https://${account}.acme.example`],
  authorization: ({ account, clientSecret }) => ({
    kind: 'client-credentials',
    tokenUrl: `https://${account}.acme.example/token`,
    clientId: 'busbar',
    clientSecret,
    body: 'json',
  }),
  open: ({ http }) => acmeClient(http),
  tools: (tool) => [
    tool({
      name: 'acme_get_note',
      description: 'Reads a note.',
      effect: 'read',
      input: z.object({ id }),
      output: NoteView,
      run: async ({ id }, client, context) => view(await client.get(context, id)),
    }),
    tool({
      name: 'acme_list_notes',
      description: 'Lists notes, a page at a time.',
      effect: 'read',
      input: z.object({ cursor: z.string().optional().describe('nextCursor of an earlier answer. Absent: the first page') }),
      output: z.object({
        notes: z.array(NoteView).describe('The page'),
        nextCursor: z.string().optional().describe('Pass it as cursor for the next page'),
      }),
      run: async ({ cursor }, client, context) => {
        const after = cursor === undefined ? undefined : context.cursor.read(cursor, z.string());
        const { notes, next } = await client.list(context, after);
        return { notes: notes.slice(0, 100).map(view), ...(typeof next === 'string' && { nextCursor: context.cursor.write(next) }) };
      },
    }),
    tool({
      name: 'acme_create_note',
      description: 'Creates a note.',
      effect: 'write',
      input: z.object({ text }),
      output: NoteView,
      run: async ({ text }, client, context) => view(await client.create(context, text)),
    }),
    tool({
      name: 'acme_edit_note',
      description: 'Changes what a note says, if it says something else.',
      effect: 'write',
      input: z.object({ id, text }),
      output: NoteView,
      run: async ({ id, text }, client, context) => {
        const before = await client.get(context, id);
        if (before.text === text) throw new ToolError('CONFLICT', 'The note says so already. Read it again.');
        return view(await client.edit(context, id, text));
      },
    }),
    tool({
      name: 'acme_remove_note',
      description: 'Removes a note for good.',
      effect: 'destructive',
      input: z.object({ id }),
      output: z.object({ removed: z.boolean().describe('True') }),
      run: async ({ id }, client, context) => {
        await client.remove(context, id);
        return { removed: true };
      },
    }),
  ],
  check: async (client, context) => ({ account: (await client.me(context)).name }),
});

export const acmeFixture: ConnectorFixture = {
  sandbox: startAcme,
  examples: {
    acme_get_note: { id: 'note-1' },
    acme_list_notes: {},
    acme_create_note: { text: 'Buy milk' },
    acme_edit_note: { id: 'note-2', text: 'Buy bread' },
    acme_remove_note: { id: 'note-3' },
  },
};

/** Acme with some of its tools, and the parts of one of these replaced. */
export function acmeWith(names: readonly string[], part: Partial<AnyTool<AcmeClient>> = {}): AcmeConnector {
  const tools = acme.tools.filter(({ name }) => names.includes(name.slice('acme_'.length)));
  return { ...acme, tools: tools.map((tool, at) => (at === 0 ? { ...tool, ...part } : tool)) };
}

/** The same connector with methods of its client replaced. */
export function withClient(connector: AcmeConnector, change: (client: AcmeClient, http: Http) => Partial<AcmeClient>): AcmeConnector {
  return { ...connector, open: (services) => ({ ...acmeClient(services.http), ...change(acmeClient(services.http), services.http) }) };
}
