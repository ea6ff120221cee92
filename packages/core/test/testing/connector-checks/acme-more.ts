import { z } from 'zod';
import type { AnyTool } from '../../../src/connector/tool.ts';
import { defineConnector, secret, type Connector, type Context, type Http, type LogSpec, type Services } from '../../../src/index.ts';
import type { ConnectorFixture } from '../../../src/testing/index.ts';
import { acme, acmeClient } from './acme-connector.ts';
import { startAcme } from './acme-vendor.ts';

const Note = z.looseObject({ id: z.string(), text: z.string().nullish() });
const Event = z.object({ note: z.string().describe('Id of the note'), what: z.string().optional().describe('What happened to the note') });
const DeliveredEvent = z.looseObject({ id: z.string(), note: z.string(), what: z.string().optional().catch(undefined) });
const Delivered = z.looseObject({ events: z.array(DeliveredEvent.optional().catch(undefined)) });
const eventLog = { name: 'events', entry: Event, max: 100, whenFull: 'drop-oldest' } as const satisfies LogSpec;
const outboxLog = { name: 'outbox', entry: z.object({ text: z.string() }), max: 100, whenFull: 'refuse' } as const satisfies LogSpec;
const mostRows = 100;

const config = acme.config.extend({ hookSecret: secret(z.string().min(1)).describe('The key with which the webhook signs') });

export const moreClient = ({ http, state, wake }: Pick<Services<unknown>, 'http' | 'state' | 'wake'>) => ({
  ...acmeClient(http),
  events: state.log(eventLog),
  outbox: state.log(outboxLog),
  wake,
  export: (context: Context) => http.rows({ method: 'GET', path: '/export', response: Note }, context),
  deliver: (context: Context, id: string, text: string) => deliver(http, context, id, text),
});
export type MoreClient = ReturnType<typeof moreClient>;
export type MoreConnector = Connector<typeof config, MoreClient>;

async function deliver(http: Http, context: Context, id: string, text: string): Promise<string> {
  const { data } = await http.request(
    {
      method: 'POST',
      path: '/notes',
      body: { json: { text } },
      headers: { 'idempotency-key': id },
      retry: 'keyed',
      response: Note,
    },
    context,
  );
  return data.id;
}

/** A connector that meets every rule and has what acme lacks: rows, a question, a job with an outbox, and a webhook. */
export const acmeMore: MoreConnector = defineConnector({
  spec: 'v1',
  id: 'acme',
  config,
  ...(acme.origins && { origins: acme.origins }),
  ...(acme.authorization && { authorization: acme.authorization }),
  open: moreClient,
  tools: (tool) => [
    tool({
      name: 'acme_export_notes',
      description: 'Exports notes, at most 100.',
      effect: 'read',
      input: z.object({}),
      output: z.object({ notes: z.array(z.string()).describe('What they say') }),
      run: async (_, client, context) => {
        const notes: string[] = [];
        for await (const { id, text } of client.export(context)) {
          notes.push(typeof text === 'string' ? text : id);
          if (notes.length === mostRows) break;
        }
        return { notes };
      },
    }),
    tool({
      name: 'acme_publish_note',
      description: 'Publishes a note, after a person has agreed.',
      effect: 'write',
      input: z.object({ id: z.string().min(1).max(50).describe('Id of the note, 1 to 50 characters') }),
      output: z.object({ published: z.boolean().describe('Whether it is public now') }),
      run: async ({ id }, client, context) => {
        const { sure } = await context.ask('Publish the note?', z.object({ sure: z.boolean().describe('Whether to publish it') }));
        if (sure) await client.edit(context, id, 'Published');
        return { published: sure };
      },
    }),
    tool({
      name: 'acme_queue_note',
      description: 'Has a note created later.',
      effect: 'write',
      input: z.object({ text: z.string().min(1).max(500).describe('What the note says, 1 to 500 characters') }),
      output: z.object({ queued: z.boolean().describe('True') }),
      run: async ({ text }, client, context) => {
        await client.outbox.append([{ id: context.key('note'), value: { text } }]);
        await client.wake('flush');
        return { queued: true };
      },
    }),
    tool({
      name: 'acme_list_events',
      description: 'Lists what happened to notes, the oldest 20 first.',
      effect: 'read',
      input: z.object({}),
      output: z.object({ events: z.array(Event).describe('What happened') }),
      run: async (_, client) => ({ events: (await client.events.read({ limit: 20 })).entries.map(({ value }) => value) }),
    }),
  ],
  jobs: [
    {
      name: 'flush',
      run: async (client, context) => {
        const { entries } = await client.outbox.read({ limit: 20 });
        for (const { id, value } of entries) {
          await client.deliver(context, id, value.text);
          await client.outbox.remove([id]);
        }
      },
    },
  ],
  webhook: {
    log: eventLog,
    signature: ({ hookSecret }) => ({
      kind: 'hmac-sha256',
      key: String(hookSecret),
      header: 'x-acme-signature',
      encoding: 'hex',
      over: ['timestamp', 'body'],
      timestampHeader: 'x-acme-at',
    }),
    events: (body) => Delivered.parse(body).events.map((event) => event && { id: event.id, value: { note: event.note, what: event.what } }),
  },
  ...(acme.check && { check: acme.check }),
});

export const acmeMoreFixture: ConnectorFixture = {
  sandbox: startAcme,
  examples: { acme_export_notes: {}, acme_publish_note: { id: 'note-1' }, acme_queue_note: { text: 'Buy milk' }, acme_list_events: {} },
  answers: { acme_publish_note: [{ sure: true }] },
  delivery: { events: [{ id: 'event-1', at: '2026-03-01T09:30:00Z', note: 'note-1', what: 'edited' }] },
};

/** The connector with one of its tools, parts of the tool replaced, and without webhook and job. */
export function moreWith(name: string, part: Partial<AnyTool<MoreClient>> = {}): MoreConnector {
  const { webhook: _, jobs: __, ...rest } = acmeMore;
  const tools = acmeMore.tools.filter((tool) => tool.name === `acme_${name}`);
  return { ...rest, tools: tools.map((tool) => ({ ...tool, ...part })) };
}

/** The fixture with the examples of the connector's tools. */
export function moreFixture({ tools }: Connector): ConnectorFixture {
  return { ...acmeMoreFixture, examples: Object.fromEntries(tools.map(({ name }) => [name, acmeMoreFixture.examples[name] ?? {}])) };
}
