import { z } from 'zod';
import type { Context } from '../../../src/index.ts';
import { acme, acmeClient, acmeWith, withClient, type AcmeClient } from './acme-connector.ts';
import { moreFixture, moreWith } from './acme-more.ts';
import type { BrokenConnector } from './broken-connector.ts';

const one = acmeWith(['get_note']);
const list = acmeWith(['list_notes']);
const Note = z.looseObject({ id: z.string(), text: z.string().nullish(), author: z.string().nullish() });

/** What every client of this connector asks for at the moment, whosever it is. */
const running = new Map<string, ReturnType<AcmeClient['get']>>();

const rowsAll = moreWith('export_notes', {
  async run(_, client, context) {
    const notes: string[] = [];
    for await (const { id } of client.export(context)) notes.push(id);
    return { notes };
  },
});

let newest = '';

/** Broken between tenants, towards other hosts, and in how much they take. */
export const brokenBorders: readonly BrokenConnector[] = [
  {
    fault: 'marks no secret',
    finds: 'marks its secrets as such',
    also: ['lets no secret out, though the vendor echoes it'],
    connector: { ...one, config: one.config.extend({ clientSecret: z.string().describe('The secret of the OAuth client') }) },
  },
  {
    fault: 'shares what is being read between connections',
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
    fault: 'sends the credential that it was opened with last, whosever it is',
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
    fault: 'tells its secret in base64',
    finds: 'lets no secret out, though the vendor echoes it',
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
    finds: 'lets no secret out, though the vendor echoes it',
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
    fault: 'reads a note where its link leads',
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
    fault: 'writes an id into a path',
    finds: 'puts what it is given into paths as params',
    connector: withClient(one, (_, http) => ({
      get: async (context, id) => (await http.request({ method: 'GET', path: `/notes/${id}`, response: Note }, context)).data,
    })),
  },
  {
    fault: 'puts a setting into its origin as it is',
    finds: 'keeps to the vendor’s hosts, whatever its settings say',
    connector: { ...one, config: one.config.extend({ account: z.string().min(1).describe('The account') }) },
  },
  {
    fault: 'takes a host out of its settings',
    finds: 'keeps to the vendor’s hosts, whatever its settings say',
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
    fault: 'passes on all that the vendor sends',
    finds: 'gives a page, however much the vendor sends',
    connector: acmeWith(['list_notes'], {
      run: async (_, client, context) => ({ notes: (await client.list(context, undefined)).notes.map(({ id }) => ({ id })) }),
    }),
    also: ['takes no cursor that it did not give'],
  },
  {
    fault: 'passes on every row',
    finds: 'gives a page, however much the vendor sends',
    connector: rowsAll,
    fixture: moreFixture(rowsAll),
  },
  {
    fault: 'reads to the end',
    finds: 'sends at most 25 requests in a call, though the vendor always has one page more',
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
    fault: 'hands out the vendor’s own cursor',
    finds: 'takes no cursor that it did not give',
    connector: acmeWith(['list_notes'], {
      run: async ({ cursor }: { readonly cursor?: string }, client, context) => {
        const { notes, next } = await client.list(context, cursor);
        return { notes: notes.slice(0, 100).map(({ id }) => ({ id })), ...(typeof next === 'string' && { nextCursor: next }) };
      },
    }),
  },
];
