import { z } from 'zod';
import type { Context } from '../../../src/index.ts';
import { acme, acmeClient, acmeWith, withClient, type AcmeClient } from './acme-connector.ts';
import { moreFixture, moreWith } from './acme-more.ts';
import type { BrokenConnector } from './broken-connector.ts';

const one = acmeWith(['get_note']);
const list = acmeWith(['list_notes']);
const Note = z.looseObject({ id: z.string(), text: z.string().nullish(), author: z.string().nullish() });

/** The reads that are in progress, shared by all clients of this connector. */
const running = new Map<string, ReturnType<AcmeClient['get']>>();

const rowsAll = moreWith('export_notes', {
  async run(_, client, context) {
    const notes: string[] = [];
    for await (const { id } of client.export(context)) notes.push(id);
    return { notes };
  },
});

let newest = '';

/** Connectors with a fault in isolation, in where they send requests, or in bounds. */
export const brokenBorders: readonly BrokenConnector[] = [
  {
    fault: 'marks no secret',
    finds: 'marks its secrets with secret()',
    also: ['reveals no secret, even if the vendor echoes it'],
    connector: { ...one, config: one.config.extend({ clientSecret: z.string().describe('The secret of the OAuth client') }) },
  },
  {
    fault: 'shares reads in progress between connections',
    finds: 'keeps two connections apart',
    connector: withClient(one, (client) => ({
      get(context, id) {
        const asked = running.get(id) ?? client.get(context, id).finally(() => running.delete(id));
        running.set(id, asked);
        return asked;
      },
    })),
  },
  {
    fault: 'sends the credential of the client that was opened last',
    finds: 'keeps two connections apart',
    connector: {
      ...one,
      open({ http, config }) {
        newest = String(config['clientSecret']);
        return {
          ...acmeClient(http),
          get: async (context: Context, id: string) =>
            (
              await http.request(
                {
                  method: 'GET',
                  path: '/notes/{id}',
                  params: { id },
                  headers: { 'x-secret': newest },
                  response: Note,
                },
                context,
              )
            ).data,
        };
      },
    },
  },
  {
    fault: 'shows its secret in base64',
    finds: 'reveals no secret, even if the vendor echoes it',
    connector: {
      ...one,
      open: ({ http, config }) => ({
        ...acmeClient(http),
        async get(context: Context, id: string) {
          context.warn(`Signed in with ${btoa(`busbar:${String(config['clientSecret'])}`)}`);
          return await acmeClient(http).get(context, id);
        },
      }),
    },
  },
  {
    fault: 'logs its secret in hex',
    finds: 'reveals no secret, even if the vendor echoes it',
    connector: {
      ...one,
      open: ({ http, config }) => ({
        ...acmeClient(http),
        async get(context: Context, id: string) {
          context.log.info({ key: Buffer.from(String(config['clientSecret'])).toString('hex') }, 'signed in');
          return await acmeClient(http).get(context, id);
        },
      }),
    },
  },
  {
    fault: 'reads a note from the URL of its link',
    finds: 'follows no link to another origin',
    connector: withClient(one, (client, http) => ({
      async get(context, id) {
        const note = await client.get(context, id);
        const link = note['url'];
        if (typeof link !== 'string' || !URL.canParse(link)) return note;
        const { origin, pathname } = new URL(link);
        return (await http.request({ method: 'GET', origin, path: pathname as '/', response: Note }, context)).data;
      },
    })),
  },
  {
    fault: 'writes an id into a path itself',
    finds: 'puts arguments into paths only as params',
    connector: withClient(one, (_, http) => ({
      get: async (context, id) => (await http.request({ method: 'GET', path: `/notes/${id}`, response: Note }, context)).data,
    })),
  },
  {
    fault: 'puts an unchecked setting into its origin',
    finds: 'sends requests only to the vendor’s hosts, with any settings',
    connector: { ...one, config: one.config.extend({ account: z.string().min(1).describe('The account') }) },
  },
  {
    fault: 'takes its host from its settings',
    finds: 'sends requests only to the vendor’s hosts, with any settings',
    connector: {
      ...one,
      config: one.config.extend({
        host: z
          .string()
          .regex(/^[a-z.]+$/)
          .default('home.acme.example')
          .describe('The host'),
      }),
      origins: ({ host }) => [`https://${String(host)}`],
      authorization: (config) => {
        const declared = acme.authorization?.({ ...config, account: 'home' });
        if (declared?.kind !== 'client-credentials') throw new TypeError('acme has tokens');
        return { ...declared, tokenUrl: `https://${String(config['host'])}/token` };
      },
    },
  },
  {
    fault: 'passes on everything that the vendor sends',
    finds: 'returns one page, however much the vendor sends',
    connector: acmeWith(['list_notes'], {
      run: async (_, client, context) => ({ notes: (await client.list(context, undefined)).notes.map(({ id }) => ({ id })) }),
    }),
    also: ['refuses a cursor that it did not issue'],
  },
  {
    fault: 'passes on every row',
    finds: 'returns one page, however much the vendor sends',
    connector: rowsAll,
    fixture: moreFixture(rowsAll),
  },
  {
    fault: 'reads all pages',
    finds: 'sends at most 25 requests in a call, even if the vendor always has another page',
    connector: withClient(list, (client) => ({
      async list(context, after) {
        let page = await client.list(context, after);
        const notes = [...page.notes];
        while (typeof page.next === 'string') {
          page = await client.list(context, page.next);
          notes.push(...page.notes);
        }
        return { notes };
      },
    })),
  },
  {
    fault: 'returns the vendor’s own cursor',
    finds: 'refuses a cursor that it did not issue',
    connector: acmeWith(['list_notes'], {
      run: async ({ cursor }: { readonly cursor?: string }, client, context) => {
        const { notes, next } = await client.list(context, cursor);
        return { notes: notes.slice(0, 100).map(({ id }) => ({ id })), ...(typeof next === 'string' && { nextCursor: next }) };
      },
    }),
  },
];
