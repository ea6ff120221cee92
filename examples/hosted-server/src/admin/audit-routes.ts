import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import { ToolError, type Clock } from '@busbar/core';
import { exportAudit, reconcile, verifyAudit, type CallCounts, type Database } from '@busbar/postgres';
import { requireOperator, type AdminEnv } from './admin-caller.ts';
import { problemResponses } from './problem.ts';
import { textStream } from './text-stream.ts';

/** What the routes of the audit work with. */
export interface AuditServices {
  readonly database: Database;
  readonly clock: Clock;
  /** What this process has counted of calls. */
  callCounts(): Promise<CallCounts>;
}

// A string, whatever it is: the types of routes take everything that ends in "json" for one value of JSON.
const ndjson: string = 'application/x-ndjson';
const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const problems = z.array(z.string()).openapi({ description: 'A sentence each, at most 1,000 of a kind.' });

const getAudit = createRoute({
  method: 'get',
  path: '/audit',
  summary: 'The audit of all tenants, to be kept elsewhere',
  description: 'For operators. A line that ends before {"heads": …} was cut off.',
  request: {
    query: z.object({
      from: time.optional().openapi({ type: 'string', format: 'date-time', description: 'Links of then or later. Default: all.' }),
      until: time.optional().openapi({ type: 'string', format: 'date-time', description: 'Links before then. Default: all.' }),
    }),
  },
  responses: {
    200: {
      description: 'JSON, one line for the export, one for each chain and link, and one with the heads of all chains.',
      content: { [ndjson]: { schema: z.string() } },
    },
    ...problemResponses,
  },
});

const verify = createRoute({
  method: 'get',
  path: '/audit/verify',
  summary: 'Whether the audit is whole, as far as it can tell by itself',
  description:
    'For operators. Reads all of it, twice. That all of it was rewritten shows only where an export is held against the heads of an earlier one.',
  responses: {
    200: {
      description: 'What was found. No problems: it is whole.',
      content: {
        'application/json': {
          schema: z.object({
            links: z.number().int(),
            entries: z.number().int(),
            chains: z.number().int(),
            problems,
          }),
        },
      },
    },
    ...problemResponses,
  },
});

const getReconcile = createRoute({
  method: 'get',
  path: '/reconcile',
  summary: 'Whether ledger, quotas, claims, usage events, audit and the metrics of this replica agree',
  description: 'For operators. Reads all of it; calls go on, but wait meanwhile where the database is in a folder.',
  responses: {
    200: {
      description: 'What was found. No problems: they agree.',
      content: {
        'application/json': {
          schema: z.object({ calls: z.number().int(), links: z.number().int(), entries: z.number().int(), problems }),
        },
      },
    },
    ...problemResponses,
  },
});

/** Adds `GET /audit`, `GET /audit/verify` and `GET /reconcile`. */
export function addAuditRoutes(app: OpenAPIHono<AdminEnv>, { database, clock, callCounts }: AuditServices): void {
  // Each reads everything, and one of them keeps a connection for as long as that takes.
  let checking = false;
  async function alone<T>(check: () => Promise<T>): Promise<T> {
    if (checking)
      throw new ToolError('OVERLOADED', 'This server is checking its records for somebody already. Ask again in a minute.', {
        retryAfterMs: 60_000,
      });
    checking = true;
    try {
      return await check();
    } finally {
      checking = false;
    }
  }

  app.openapi(getAudit, async (context) => {
    requireOperator(context.var.caller);
    const lines = exportAudit(database, { ...context.req.valid('query'), clock });
    const body = await textStream(terminated(lines));
    const headers = { 'content-type': ndjson, 'content-disposition': 'attachment; filename="audit.ndjson"' };
    return context.body(body, 200, headers);
  });

  app.openapi(verify, async (context) => {
    requireOperator(context.var.caller);
    const { signal } = context.req.raw;
    const { heads: _, ...verdict } = await alone(() => verifyAudit(() => untilAborted(exportAudit(database, { clock }), signal)));
    return context.json({ ...verdict, problems: [...verdict.problems] }, 200);
  });

  app.openapi(getReconcile, async (context) => {
    requireOperator(context.var.caller);
    const found = await alone(async () => reconcile(database, { clock, metrics: await callCounts() }));
    return context.json({ ...found, problems: [...found.problems] }, 200);
  });
}

async function* terminated(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}

/** Nobody waits for the answer any more. */
async function* untilAborted(lines: AsyncIterable<string>, signal: AbortSignal): AsyncGenerator<string> {
  for await (const line of lines) {
    signal.throwIfAborted();
    yield line;
  }
}
