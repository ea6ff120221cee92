import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import { moneyText } from '@busbar/core';
import type { QuotaStanding, QuotaStandings } from '../usage/quota-usage.ts';
import { tenantFor, type AdminEnv } from './admin-caller.ts';
import { tenantQuery } from './paging.ts';
import { problemResponses } from './problem.ts';

/** What the routes of quotas work with. */
export interface QuotaServices {
  readonly quotaStandings: QuotaStandings;
}

const amount = z.string().openapi({ description: 'Calls or units; or money, as a decimal of the currency.' });
const text = z.string().optional();

const quotaSchema = z
  .object({
    of: z.enum(['calls', 'units', 'money']),
    per: z.enum(['minute', 'day', 'month']),
    each: z.enum(['tenant', 'key', 'connector', 'tool']),
    where: z.object({ tenant: text, key: text, connector: text, tool: text }).optional(),
    whom: text.openapi({ description: 'The key, connector or tool that it is counted for.' }),
    limit: amount,
    used: amount.openapi({ description: 'Calls that run have reserved theirs.' }),
    endsAt: z.iso.datetime().openapi({ description: 'When it begins anew.' }),
  })
  .openapi('Quota');

const listQuotas = createRoute({
  method: 'get',
  path: '/quotas',
  summary: 'The quotas of a tenant, and what is used of them now',
  request: { query: z.object({ tenant: tenantQuery }) },
  responses: {
    200: {
      description: 'One for each rule and whom it is counted for, at most 1,000. "more": there are further ones.',
      content: { 'application/json': { schema: z.object({ tenant: z.string(), quotas: z.array(quotaSchema), more: z.boolean() }) } },
    },
    ...problemResponses,
  },
});

/** Adds `GET /quotas`. */
export function addQuotaRoutes(app: OpenAPIHono<AdminEnv>, { quotaStandings }: QuotaServices): void {
  app.openapi(listQuotas, async (context) => {
    const { caller } = context.var;
    const tenant = tenantFor(caller, context.req.valid('query').tenant) ?? caller.tenant;
    const { standings, more } = await quotaStandings(tenant);
    return context.json({ tenant, quotas: standings.map(shown), more }, 200);
  });
}

function shown({ rule, whom, used, endsAt }: QuotaStanding) {
  const { of, per, each, where, limit } = rule;
  const write = (value: number) => (of === 'money' ? moneyText(value) : String(value));
  return { of, per, each, where, whom, limit: write(limit), used: write(used), endsAt: new Date(endsAt).toISOString() };
}
