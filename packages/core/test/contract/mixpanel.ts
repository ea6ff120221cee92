import { z } from 'zod';
import { defineConnector, result, secret, type Context, type JobContext, type LogSpec } from '../../src/index.ts';

// A plugin that accepts events now and delivers them later, with an outbox, a job that empties it, and a report for each event.

const Event = z.object({ event: z.string(), properties: z.record(z.string(), z.unknown()) });
const outbox = { name: 'outbox', entry: Event, max: 5_000, whenFull: 'refuse' } as const satisfies LogSpec;
const Refused = z.looseObject({
  failed_records: z.array(z.looseObject({ insert_id: z.string(), message: z.string().optional() })).nullish(),
});
const batch = 50;

export const mixpanel = defineConnector({
  spec: 'v1',
  id: 'mixpanel',
  config: z.object({ projectId: z.string(), user: z.string(), secret: secret(z.string()) }),
  origins: () => ['https://api.mixpanel.com', 'https://mixpanel.com', 'https://data.mixpanel.com'],
  authorization: (config) => ({ kind: 'basic', username: config.user, password: config.secret }),
  limits: { default: { requests: 600, windowMs: 60_000 }, query: { requests: 60, windowMs: 3_600_000, concurrent: 5 } },
  open: ({ config, http, state, clock, wake }) => {
    const log = state.log(outbox);
    return {
      track: async (event: string, distinctId: string, context: Context) => {
        const id = context.key('event');
        const properties = { distinct_id: distinctId, $insert_id: id, time: clock.now() };
        const { size } = await log.append([{ id, value: { event, properties } }]);
        await wake('flush', size >= batch ? 0 : 5_000);
        return id;
      },
      flush: async (context: JobContext) => {
        for (;;) {
          const { entries } = await log.read({ limit: batch });
          if (entries.length === 0) return;
          const { data } = await http.request(
            {
              method: 'POST',
              path: '/import',
              query: { strict: 1, project_id: config.projectId },
              body: { json: entries.map(({ value }) => value) },
              retry: 'keyed',
              accept: [400],
              response: Refused,
            },
            context,
          );
          const refused = new Map(data.failed_records?.map((record) => [record.insert_id, record.message] as const));
          for (const { id } of entries) context.report(id, refused.has(id) ? 'refused' : 'delivered', refused.get(id));
          await log.remove(entries.map(({ id }) => id));
        }
      },
      export: (from: string, to: string, context: Context) =>
        http.rows(
          {
            method: 'GET',
            origin: 'https://data.mixpanel.com',
            path: '/api/2.0/export',
            query: { from_date: from, to_date: to },
            limit: 'query',
            response: Event,
          },
          context,
        ),
    };
  },
  jobs: [{ name: 'flush', everyMs: 60_000, run: (client, context) => client.flush(context) }],
  tools: (tool) => [
    tool({
      name: 'mixpanel_track_event',
      description: 'Queues an event; it is delivered within a minute.',
      effect: 'write',
      input: z.object({ event: z.string().describe('What happened'), distinctId: z.string().describe('To whom') }),
      output: z.object({ insertId: z.string() }),
      run: async ({ event, distinctId }, client, context) => {
        const insertId = await client.track(event, distinctId, context);
        return result({ insertId }, { accepted: insertId });
      },
    }),
  ],
});
