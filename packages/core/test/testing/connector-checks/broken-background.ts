import { z } from 'zod';
import type { Context, Job, Webhook } from '../../../src/index.ts';
import type { ConnectorFixture } from '../../../src/testing/index.ts';
import { acmeMore, moreClient, moreFixture, moreWith, type MoreClient, type MoreConnector } from './acme-more.ts';
import { startAcme } from './acme-vendor.ts';
import type { BrokenConnector } from './broken-connector.ts';

const { jobs: [flush] = [], webhook: good } = acmeMore;
if (!flush || !good) throw new Error('acme has a job and a webhook');

/** A connector that reads events like this. */
const hooked = (webhook: Partial<Webhook<z.output<MoreConnector['config']>>>): MoreConnector => ({
  ...moreWith('list_events'),
  webhook: { ...good, ...webhook },
});

/** A connector that empties its outbox like this. */
const flushing = (run: Job<MoreClient>['run']): MoreConnector => ({ ...moreWith('queue_note'), jobs: [{ ...flush, run }] });
const outboxOf = async (client: MoreClient) => (await client.outbox.read({ limit: 20 })).entries;

const broken = ({
  fixture,
  ...parts
}: Omit<BrokenConnector, 'fixture'> & { readonly fixture?: Partial<ConnectorFixture> }): BrokenConnector => ({
  ...parts,
  fixture: { ...moreFixture(parts.connector), ...fixture },
});

/** Connectors with a fault outside of calls: in webhooks and jobs. */
export const brokenBackground: readonly BrokenConnector[] = [
  broken({
    fault: 'counts an event again each time it arrives',
    finds: 'stores each event of its vendor’s webhook once',
    connector: hooked({ events: (body) => good.events(body).map((event) => event && { ...event, id: crypto.randomUUID() }) }),
  }),
  broken({
    fault: 'declares a signature that its vendor does not use',
    finds: 'stores each event of its vendor’s webhook once',
    also: ['stores nothing from a signed body that is no delivery', 'stores the other events of a delivery with an odd one'],
    connector: hooked({ signature: (config) => ({ ...good.signature(config), over: ['body', 'timestamp'] }) }),
  }),
  broken({
    fault: 'verifies webhooks with one key for all accounts',
    finds: 'refuses a delivery that another account signed',
    connector: hooked({ signature: (config) => ({ ...good.signature(config), key: 'acme' }) }),
    fixture: { sandbox: (account) => startAcme(account, 'acme') },
  }),
  broken({
    fault: 'makes an event from any signed body',
    finds: 'stores nothing from a signed body that is no delivery',
    connector: hooked({
      events: (body) => {
        const event = (body as { events?: { id?: string }[] } | null)?.events?.[0];
        return [{ id: event?.id ?? 'unknown', value: { note: 'note-1' } }];
      },
    }),
  }),
  broken({
    fault: 'refuses a delivery because of one event',
    finds: 'stores the other events of a delivery with an odd one',
    connector: hooked({
      events: (body) => {
        const events = good.events(body);
        if (events.includes(undefined)) throw new Error('odd');
        return events;
      },
    }),
  }),
  broken({
    fault: 'stores events that its tool cannot read',
    finds: 'can read every event that its webhook stored',
    connector: {
      ...moreWith('list_events', {
        run: async (_, client) => ({
          events: (await client.events.read({ limit: 20 })).entries.map(({ value }) => ({ ...value, what: String(value.what) })),
        }),
      }),
      webhook: good,
    },
  }),
  broken({
    fault: 'leaves sent entries in its outbox',
    finds: 'writes nothing in a job that runs again right away',
    connector: flushing(async (client, context) => {
      for (const { id, value } of await outboxOf(client)) await client.deliver(context, id, value.text);
    }),
  }),
  broken({
    fault: 'throws a TypeError in its job on an empty answer',
    finds: 'ends a job as documented, however the vendor fails',
    connector: {
      ...flushing(async (client, context) => {
        for (const { id, value } of await outboxOf(client)) {
          await client.deliver(context, id, value.text);
          await client.outbox.remove([id]);
        }
      }),
      open: (services) => ({
        ...moreClient(services),
        async deliver(context: Context, id: string, text: string) {
          const { data } = await services.http.request(
            {
              method: 'POST',
              path: '/notes',
              body: { json: { text } },
              headers: { 'idempotency-key': id },
              retry: 'keyed',
              response: z.unknown(),
            },
            context,
          );
          return (data as { id: string }).id.trim();
        },
      }),
    },
  }),
  broken({
    fault: 'empties its outbox before the vendor has the entries',
    finds: 'repeats the work of a job later if the vendor refused it temporarily',
    connector: flushing(async (client, context) => {
      for (const { id, value } of await outboxOf(client)) {
        await client.outbox.remove([id]);
        await client.deliver(context, id, value.text);
      }
    }),
  }),
  broken({
    fault: 'continues its job after an abort',
    finds: 'ends a job within 200 ms of an abort, and closes its socket',
    connector: flushing(async (client, context) => {
      for (const { id, value } of await outboxOf(client)) {
        await client.deliver({ ...context, signal: new AbortController().signal }, id, value.text);
        await client.outbox.remove([id]);
      }
    }),
  }),
];
