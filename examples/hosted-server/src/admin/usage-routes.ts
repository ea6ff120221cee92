import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import { moneyText, ToolError, type Clock } from '@busbar/core';
import type { CallRecord, Usage, UsageGroup, UsageRow } from '@busbar/postgres';
import { tenantFor, type AdminEnv } from './admin-caller.ts';
import { nextPage, paging, tenantQuery, timeQuery } from './query-parameters.ts';
import { jsonResponse } from './json-response.ts';
import { problemResponses } from './problem.ts';
import type { ReportPlaces } from './report-places.ts';
import { textStream } from './text-stream.ts';

/** The services that the usage routes need. */
export interface UsageServices {
  readonly usage: Usage;
  readonly clock: Clock;
  readonly reports: ReportPlaces;
}

const groups = ['day', 'tenant', 'key', 'tool', 'connector'] as const satisfies readonly UsageGroup[];

const range = {
  from: timeQuery('Calls that started at this time or later. Default: the start of this month, in UTC.', { dates: true }),
  until: timeQuery('Calls that started before this time. Default: now.', { dates: true }),
  tenant: tenantQuery,
};

const count = z.number().int();
const usageSchema = z
  .object({
    group: z.record(z.string(), z.string()).openapi({ description: 'A value for each part of "by".' }),
    calls: count,
    charged: count,
    replays: count,
    failed: count,
    units: count,
    cost: z.string().openapi({ description: 'A decimal number in the currency.' }),
    upstreamRequests: count,
    bytesOut: count,
    tokensOut: count,
    durationMs: count,
    p50Ms: count.optional(),
    p95Ms: count.optional(),
  })
  .openapi('Usage');

const callSchema = z
  .object({
    callId: z.string(),
    tenant: z.string(),
    key: z.string(),
    connector: z.string(),
    connection: z.string(),
    tool: z.string(),
    effect: z.string(),
    status: z.string(),
    code: z.string().optional(),
    charged: z.boolean(),
    units: count,
    price: z.string().openapi({ description: 'A decimal number in the currency. While the call runs, its reservation.' }),
    upstreamRequests: count,
    bytesOut: count,
    tokensOut: count,
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().optional(),
  })
  .openapi('Call');

const getUsage = createRoute({
  method: 'get',
  path: '/usage',
  summary: 'Sums usage and cost by group',
  request: {
    query: z.object({
      ...range,
      by: z
        .string()
        .max(100)
        .default('day')
        .transform((words) => words.split(',').filter((word) => word !== ''))
        .pipe(z.array(z.enum(groups, `must be any of ${groups.join(', ')}, separated by commas`)))
        .openapi({ type: 'string', description: `Any of ${groups.join(', ')}, separated by commas. Empty: one row for everything.` }),
      format: z.enum(['json', 'csv']).optional().openapi({ description: 'Default: CSV if "Accept" is text/csv, otherwise JSON.' }),
      ...paging,
    }),
  },
  responses: {
    200: {
      description: 'JSON comes in pages, CSV as a whole.',
      content: {
        'application/json': { schema: z.object({ rows: z.array(usageSchema), next: nextPage }) },
        'text/csv': { schema: z.string() },
      },
    },
    ...problemResponses,
  },
});

const status = z
  .enum(['running', 'executed', 'cached', 'accepted', 'asked', 'failed', 'unknown', 'replayed'])
  .optional()
  .openapi({ description: 'Only calls with this status. `unknown`: writes with an unknown outcome, which a person must check.' });

const getCalls = createRoute({
  method: 'get',
  path: '/calls',
  summary: 'Lists calls and replays, newest first',
  request: { query: z.object({ ...range, ...paging, status }) },
  responses: {
    200: jsonResponse('A page of calls.', z.object({ calls: z.array(callSchema), next: nextPage })),
    ...problemResponses,
  },
});

/** Adds `GET /usage` and `GET /calls`. */
export function addUsageRoutes(app: OpenAPIHono<AdminEnv>, { usage, clock, reports }: UsageServices): void {
  const startOfMonth = (now: number) => Date.UTC(new Date(now).getUTCFullYear(), new Date(now).getUTCMonth());
  const rangeOf = ({ from, until }: { readonly from?: number | undefined; readonly until?: number | undefined }) => ({
    from: from ?? startOfMonth(clock.now()),
    // Includes calls that started in this millisecond.
    until: until ?? clock.now() + 1,
  });

  app.openapi(getUsage, async (context) => {
    const { tenant, by, format, limit, after, ...rest } = context.req.valid('query');
    const { caller } = context.var;
    const query = { ...rangeOf(rest), by, tenant: tenantFor(caller, tenant) };
    if (format === 'csv' || (format === undefined && context.req.header('accept')?.startsWith('text/csv'))) {
      const body = await withInputErrors(textStream(reports.download(caller.tenant, usage.csv(query)), clock));
      const headers = { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': 'attachment; filename="usage.csv"' };
      return context.body(body, 200, headers);
    }
    const { rows, next } = await withInputErrors(reports.run(caller.tenant, () => usage.report({ ...query, limit, after })));
    return context.json({ rows: rows.map(rowJson), next }, 200);
  });

  app.openapi(getCalls, async (context) => {
    const { tenant, limit, after, status, ...rest } = context.req.valid('query');
    const { caller } = context.var;
    const query = { ...rangeOf(rest), tenant: tenantFor(caller, tenant), limit, after, status };
    const { calls, next } = await withInputErrors(reports.run(caller.tenant, () => usage.calls(query)));
    return context.json({ calls: calls.map(callJson), next }, 200);
  });
}

/** Turns a RangeError, for an invalid range or page, into an error that the caller can correct. */
async function withInputErrors<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RangeError) throw new ToolError('INVALID_INPUT', `${error.message}.`);
    throw error;
  }
}

const rowJson = ({ cost, group, ...row }: UsageRow) => ({ ...row, group: group as Record<string, string>, cost: moneyText(cost) });

const callJson = ({ price, startedAt, endedAt, ...call }: CallRecord) => ({
  ...call,
  price: moneyText(price),
  startedAt: new Date(startedAt).toISOString(),
  ...(endedAt !== undefined && { endedAt: new Date(endedAt).toISOString() }),
});
