import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import { ToolError, type Clock } from '@busbar/core';
import { exportAudit, reconcile, verifyAudit, type CallCounts, type Database } from '@busbar/postgres';
import { requireOperator, type AdminEnv } from './admin-caller.ts';
import { jsonResponse } from './json-response.ts';
import { problemResponses } from './problem.ts';
import type { ReportPlaces } from './report-places.ts';
import { timeQuery } from './query-parameters.ts';
import { textStream } from './text-stream.ts';

/** The services that the audit routes need. */
export interface AuditServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly reports: ReportPlaces;
  /** This process's call counts. */
  callCounts(): Promise<CallCounts>;
}

// Typed as a plain string, because the route types treat every content type that ends in "json" as a single JSON value.
const ndjson: string = 'application/x-ndjson';

const problems = z.array(z.string()).openapi({ description: 'One sentence for each problem, at most 1,000 of a kind.' });

const getAudit = createRoute({
  method: 'get',
  path: '/audit',
  summary: 'Exports the audit of all tenants',
  description: 'For operators. An export that ends without the {"heads": …} line is incomplete.',
  request: {
    query: z.object({
      from: timeQuery('Links of this time or later. Default: all.'),
      until: timeQuery('Links before this time. Default: all.'),
    }),
  },
  responses: {
    200: {
      description: 'JSON lines: one for the export, one for each chain and each link, and one with the heads of all chains.',
      content: { [ndjson]: { schema: z.string() } },
    },
    ...problemResponses,
  },
});

const verify = createRoute({
  method: 'get',
  path: '/audit/verify',
  summary: 'Checks whether the audit is complete and unaltered',
  description:
    'For operators. Reads the whole audit twice. Only a comparison of an export with the heads of an earlier export shows whether all of it was rewritten.',
  responses: {
    200: jsonResponse(
      'The findings. Without problems, the audit is complete and unaltered.',
      z.object({
        links: z.number().int(),
        entries: z.number().int(),
        chains: z.number().int(),
        problems,
      }),
    ),
    ...problemResponses,
  },
});

const getReconcile = createRoute({
  method: 'get',
  path: '/reconcile',
  summary: 'Compares ledger, quotas, claims, usage events, audit and the metrics of this replica',
  description: 'For operators. Reads all records. Calls continue, but wait for it if the database is embedded.',
  responses: {
    200: jsonResponse(
      'The findings. Without problems, the records agree.',
      z.object({ calls: z.number().int(), links: z.number().int(), entries: z.number().int(), problems }),
    ),
    ...problemResponses,
  },
});

/** Adds `GET /audit`, `GET /audit/verify` and `GET /reconcile`. */
export function addAuditRoutes(app: OpenAPIHono<AdminEnv>, { database, clock, callCounts, reports }: AuditServices): void {
  // Each check reads all records, and one of them holds a database connection while it does.
  let checking = false;
  async function oneAtATime<T>(tenant: string, check: () => Promise<T>): Promise<T> {
    if (checking)
      throw new ToolError('OVERLOADED', 'This server is already checking its records. Try again in a minute.', {
        retryAfterMs: 60_000,
      });
    checking = true;
    try {
      return await reports.run(tenant, check);
    } finally {
      checking = false;
    }
  }

  app.openapi(getAudit, async (context) => {
    const { caller } = context.var;
    requireOperator(caller);
    const lines = exportAudit(database, { ...context.req.valid('query'), clock });
    const body = await textStream(reports.download(caller.tenant, terminated(lines)), clock);
    const headers = { 'content-type': ndjson, 'content-disposition': 'attachment; filename="audit.ndjson"' };
    return context.body(body, 200, headers);
  });

  app.openapi(verify, async (context) => {
    const { caller } = context.var;
    requireOperator(caller);
    const { signal } = context.req.raw;
    const lines = () => untilAborted(exportAudit(database, { clock }), signal);
    const { heads: _, ...verdict } = await oneAtATime(caller.tenant, () => verifyAudit(lines));
    return context.json({ ...verdict, problems: [...verdict.problems] }, 200);
  });

  app.openapi(getReconcile, async (context) => {
    const { caller } = context.var;
    requireOperator(caller);
    const found = await oneAtATime(caller.tenant, async () => reconcile(database, { clock, metrics: await callCounts() }));
    return context.json({ ...found, problems: [...found.problems] }, 200);
  });
}

async function* terminated(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}

/** Stops a check whose client has disconnected. */
async function* untilAborted(lines: AsyncIterable<string>, signal: AbortSignal): AsyncGenerator<string> {
  for await (const line of lines) {
    signal.throwIfAborted();
    yield line;
  }
}
