import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import { errorCodes, ToolError, type Audit, type ErrorCode, type Host } from '@busbar/core';
import type { ApiKeys, DeadLetter, DeadLetterFilter, DeadLetters } from '@busbar/postgres';
import { tenantFor, type AdminCaller, type AdminEnv } from './admin-caller.ts';
import { nextPage, paging, tenantQuery, timeQuery } from './query-parameters.ts';
import { jsonResponse } from './json-response.ts';
import { problemResponses } from './problem.ts';
import type { ReportPlaces } from './report-places.ts';
import { safeText } from './safe-text.ts';
import { createShares } from '../http/shares.ts';

/** The services that the dead letter routes need. */
export interface DeadLetterServices {
  readonly deadLetters: DeadLetters;
  readonly apiKeys: ApiKeys;
  readonly call: Host['call'];
  readonly audit: Audit;
  readonly reports: ReportPlaces;
}

const code = z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]);
const name = safeText(255).min(1);
const filter = {
  connector: name.optional(),
  tool: name.optional(),
  code: code.optional(),
  failedFrom: timeQuery('Dead letters that last failed at this time or later.'),
  failedBefore: timeQuery('Dead letters that last failed before this time.'),
};

const selection = z
  .strictObject({ tenant: tenantQuery, ids: z.array(safeText(255)).min(1).max(1_000).optional(), ...filter })
  .refine(
    (fields) => Object.values(fields).some((value) => value !== undefined),
    'must select dead letters, by ids or by properties they share',
  );

const letterSchema = z
  .object({
    id: z.string(),
    callId: z.string(),
    tenant: z.string(),
    principal: z.string(),
    connector: z.string(),
    connection: z.string(),
    tool: z.string(),
    code,
    message: z.string(),
    failedAt: z.iso.datetime(),
    attempts: z.number().int(),
    keyed: z.boolean().openapi({
      description: 'False: the call had no idempotency key, so its caller may have repeated it since. A replay may then write twice.',
    }),
  })
  .openapi('DeadLetter');

const listLetters = createRoute({
  method: 'get',
  path: '/dead-letters',
  summary: 'Lists failed writes that can be tried again, newest first',
  request: { query: z.object({ tenant: tenantQuery, ...filter, ...paging }) },
  responses: {
    200: jsonResponse('A page of dead letters.', z.object({ letters: z.array(letterSchema), next: nextPage })),
    ...problemResponses,
  },
});

const getLetter = createRoute({
  method: 'get',
  path: '/dead-letters/{id}',
  summary: 'Shows a dead letter with the arguments of its call, which may hold secrets',
  request: { params: z.object({ id: safeText(255) }) },
  responses: {
    200: jsonResponse('The dead letter.', letterSchema.extend({ arguments: z.unknown() })),
    ...problemResponses,
  },
});

const body = { required: true, content: { 'application/json': { schema: selection } } };

const replayLetters = createRoute({
  method: 'post',
  path: '/dead-letters/replay',
  summary: 'Repeats their calls, at most 100, with the original idempotency keys and the current rights of their API keys',
  request: { body },
  responses: {
    200: jsonResponse(
      'The outcome of each. "more": other dead letters match and were not replayed. Closing the connection stops the replay.',
      z.object({
        letters: z.array(
          z.object({
            id: z.string(),
            outcome: z.enum(['done', 'unknown', 'failed', 'refused', 'unreadable', 'gone']),
            kept: z.boolean(),
            code: code.optional(),
            message: z.string().optional(),
          }),
        ),
        counts: z.record(z.string(), z.number().int()),
        more: z.boolean(),
      }),
    ),
    ...problemResponses,
  },
});

const discardLetters = createRoute({
  method: 'post',
  path: '/dead-letters/discard',
  summary: 'Drops dead letters: their calls are never repeated',
  request: { body },
  responses: {
    200: jsonResponse('The number of dropped dead letters.', z.object({ discarded: z.number().int() })),
    ...problemResponses,
  },
});

/** Adds `GET /dead-letters`, `GET /dead-letters/{id}`, `POST /dead-letters/replay` and `POST /dead-letters/discard`. */
export function addDeadLetterRoutes(app: OpenAPIHono<AdminEnv>, { deadLetters, apiKeys, call, audit, reports }: DeadLetterServices): void {
  // Each replay runs five calls at a time, and no limit of the MCP endpoint counts them.
  const replays = createShares({ what: 'replays', total: 8, each: 2 });
  const record = ({ id, address }: AdminCaller, { tenant, ids, ...rest }: DeadLetterFilter, action: string) =>
    audit.record({
      event: 'operator.acted',
      tenant,
      principal: id,
      address,
      subject: ids ? `${ids.length} letters: ${ids.join(' ')}` : JSON.stringify(rest),
      detail: action,
    });

  app.openapi(listLetters, async (context) => {
    const { limit, after, ...selected } = context.req.valid('query');
    const { caller } = context.var;
    const query = { ...filterFor(caller, selected), limit, ...(after !== undefined && { after }) };
    const { deadLetters: letters, next } = await reports.run(caller.tenant, () => deadLetters.list(query));
    return context.json({ letters: letters.map(letterJson), next }, 200);
  });

  app.openapi(getLetter, async (context) => {
    const letter = await deadLetters.get(context.req.valid('param').id, filterFor(context.var.caller, {}));
    if (!letter)
      throw new ToolError(
        'NOT_FOUND',
        'There is no such dead letter: it was replayed, discarded, or belongs to another tenant. List the dead letters.',
      );
    const { arguments: args, ...rest } = letter;
    return context.json({ ...letterJson(rest), arguments: args }, 200);
  });

  async function replay(letters: DeadLetterFilter, signal: AbortSignal) {
    return await deadLetters.replay(letters, {
      call,
      signal,
      authorize: async ({ id, tenant }) => {
        const key = await apiKeys.get(id, { tenant });
        return key && key.revokedAt === undefined ? { tenant: key.tenant, id, roles: key.roles, toolsets: key.toolsets } : undefined;
      },
    });
  }

  app.openapi(replayLetters, async (context) => {
    const { caller } = context.var;
    const letters = filterFor(caller, context.req.valid('json'));
    replays.takeOrRefuse(caller.tenant);
    const {
      deadLetters: replayed,
      counts,
      more,
    } = await record(caller, letters, 'dead-letters.replay')
      .then(() => replay(letters, context.req.raw.signal))
      .finally(() => replays.give(caller.tenant));
    return context.json({ letters: [...replayed], counts: { ...counts }, more }, 200);
  });

  app.openapi(discardLetters, async (context) => {
    const { caller } = context.var;
    const letters = filterFor(caller, context.req.valid('json'));
    await record(caller, letters, 'dead-letters.discard');
    return context.json({ discarded: await deadLetters.discard(letters) }, 200);
  });
}

/** The dead letters that a request selects. The filter of an owner always has the owner's tenant. */
function filterFor(caller: AdminCaller, { tenant: requested, ...selected }: Partial<z.output<typeof selection>>): DeadLetterFilter {
  const tenant = tenantFor(caller, requested);
  // After parsing, a field that the request leaves out is absent, not undefined.
  return { ...(selected as DeadLetterFilter), ...(tenant !== undefined && { tenant }) };
}

const letterJson = ({ failedAt, ...letter }: DeadLetter) => ({ ...letter, failedAt: new Date(failedAt).toISOString() });
