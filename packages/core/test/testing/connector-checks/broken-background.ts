import { z } from 'zod';
import type { Context, Job, Webhook } from '../../../src/index.ts';
import type { ConnectorFixture } from '../../../src/testing/index.ts';
import { acmeMore, moreClient, moreFixture, moreWith, type MoreClient, type MoreConnector } from './acme-more.ts';
import { startAcme } from './acme-vendor.ts';
import type { BrokenConnector } from './broken-connector.ts';

const { jobs: [flush] = [], webhook: good } = acmeMore;
if (!flush || !good) throw new Error('acme has a job and a webhook');

/** A connector that takes events so. */
const hooked = (webhook: Partial<Webhook<z.output<MoreConnector['config']>>>): MoreConnector => ({
  ...moreWith('list_events'),
  webhook: { ...good, ...webhook },
});

/** A connector that empties its outbox so. */
const flushing = (run: Job<MoreClient>['run']): MoreConnector => ({ ...moreWith('queue_note'), jobs: [{ ...flush, run }] });
const outboxOf = async (client: MoreClient) => (await client.outbox.read({ limit: 20 })).entries;

const broken = ({
  fixture,
  ...parts
}: Omit<BrokenConnector, 'fixture'> & { readonly fixture?: Partial<ConnectorFixture> }): BrokenConnector => ({
  ...parts,
  fixture: { ...moreFixture(parts.connector), ...fixture },
});

/** Broken in what they do outside of calls: with what a webhook brings, and in jobs. */
export const brokenBackground: readonly BrokenConnector[] = [
  broken({
    fault: 'counts an event anew each time it comes',
    finds: 'stores what its vendor’s webhook delivers, and nothing twice',
    connector: hooked({ events: (body) => good.events(body).map((event) => ({ ...event, id: crypto.randomUUID() })) }),
  }),
  broken({
    fault: 'declares another signature than its vendor makes',
    finds: 'stores what its vendor’s webhook delivers, and nothing twice',
    also: ['stores nothing of what is signed and is no delivery'],
    connector: hooked({ signature: (config) => ({ ...good.signature(config), over: ['body', 'timestamp'] }) }),
  }),
  broken({
    fault: 'verifies webhooks with a key of its own, the same for all',
    finds: 'takes no delivery that another account signed',
    connector: hooked({ signature: (config) => ({ ...good.signature(config), key: 'acme' }) }),
    fixture: { sandbox: (account) => startAcme(account, 'acme') },
  }),
  broken({
    fault: 'makes an event of whatever is signed',
    finds: 'stores nothing of what is signed and is no delivery',
    connector: hooked({
      events: (body) => {
        const event = (body as { events?: { id?: string }[] } | null)?.events?.[0];
        return [{ id: event?.id ?? 'unknown', value: { note: 'note-1' } }];
      },
    }),
  }),
  broken({
    fault: 'stores events that its tool cannot read',
    finds: 'reads back whatever its webhook has stored',
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
    fault: 'leaves in its outbox what it has sent',
    finds: 'writes nothing in a job that runs again right away',
    connector: flushing(async (client, context) => {
      for (const { id, value } of await outboxOf(client)) await client.deliver(context, id, value.text);
    }),
  }),
  broken({
    fault: 'stumbles in its job over an empty answer',
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
    fault: 'empties its outbox before the vendor has what was in it',
    finds: 'does the work of a job later that the vendor refused for the moment',
    connector: flushing(async (client, context) => {
      for (const { id, value } of await outboxOf(client)) {
        await client.outbox.remove([id]);
        await client.deliver(context, id, value.text);
      }
    }),
  }),
  broken({
    fault: 'goes on with its job after it was ended',
    finds: 'ends a job within 200 ms of an abort, and closes its socket',
    connector: flushing(async (client, context) => {
      for (const { id, value } of await outboxOf(client)) {
        await client.deliver({ ...context, signal: new AbortController().signal }, id, value.text);
        await client.outbox.remove([id]);
      }
    }),
  }),
];
