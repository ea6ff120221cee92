import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import { moneyText } from '@busbar/core';
import type { QuotaUsage, ReadQuotaUsage } from '../usage/quota-usage.ts';
import { tenantFor, type AdminEnv } from './admin-caller.ts';
import { tenantQuery } from './query-parameters.ts';
import { jsonResponse } from './json-response.ts';
import { problemResponses } from './problem.ts';
import type { ReportPlaces } from './report-places.ts';

/** The services that the quota route needs. */
export interface QuotaServices {
  readonly quotaUsage: ReadQuotaUsage;
  readonly reports: ReportPlaces;
}

const amount = z.string().openapi({ description: 'Calls, units, or money as a decimal number in the currency.' });
const text = z.string().optional();

const quotaSchema = z
  .object({
    of: z.enum(['calls', 'units', 'money']),
    per: z.enum(['minute', 'day', 'month']),
    each: z.enum(['tenant', 'key', 'connector', 'tool']),
    where: z.object({ tenant: text, key: text, connector: text, tool: text }).optional(),
    whom: text.openapi({ description: 'The key, connector or tool that the quota is counted for.' }),
    limit: amount,
    used: amount.openapi({ description: 'Includes the reservations of running calls.' }),
    endsAt: z.iso.datetime().openapi({ description: 'When the next period starts.' }),
  })
  .openapi('Quota');

const listQuotas = createRoute({
  method: 'get',
  path: '/quotas',
  summary: 'Lists the quotas of a tenant and their current use',
  request: { query: z.object({ tenant: tenantQuery }) },
  responses: {
    200: jsonResponse(
      'One entry for each counter of each rule, at most 1,000. "more": there are others.',
      z.object({ tenant: z.string(), quotas: z.array(quotaSchema), more: z.boolean() }),
    ),
    ...problemResponses,
  },
});

/** Adds `GET /quotas`. */
export function addQuotaRoutes(app: OpenAPIHono<AdminEnv>, { quotaUsage, reports }: QuotaServices): void {
  app.openapi(listQuotas, async (context) => {
    const { caller } = context.var;
    const tenant = tenantFor(caller, context.req.valid('query').tenant) ?? caller.tenant;
    const { quotas, more } = await reports.run(caller.tenant, () => quotaUsage(tenant));
    return context.json({ tenant, quotas: quotas.map(quotaJson), more }, 200);
  });
}

function quotaJson({ rule, whom, used, endsAt }: QuotaUsage) {
  const { of, per, each, where, limit } = rule;
  const write = (value: number) => (of === 'money' ? moneyText(value) : String(value));
  return { of, per, each, where, whom, limit: write(limit), used: write(used), endsAt: new Date(endsAt).toISOString() };
}
