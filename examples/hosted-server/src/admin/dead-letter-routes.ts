import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import { errorCodes, ToolError, type Audit, type ErrorCode, type Host } from '@busbar/core';
import type { ApiKeys, DeadLetter, DeadLetterFilter, DeadLetters } from '@busbar/postgres';
import { tenantFor, type AdminCaller, type AdminEnv } from './admin-caller.ts';
import { nextPage, paging, tenantQuery } from './paging.ts';
import { problemResponses } from './problem.ts';

/** What the routes of dead letters work with. */
export interface DeadLetterServices {
  readonly deadLetters: DeadLetters;
  readonly apiKeys: ApiKeys;
  readonly call: Host['call'];
  readonly audit: Audit;
}

const code = z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]);
const name = z.string().min(1).max(255);
const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const filter = {
  connector: name.exactOptional(),
  tool: name.exactOptional(),
  code: code.exactOptional(),
  failedFrom: time.exactOptional().openapi({ type: 'string', format: 'date-time', description: 'Whose newest failure was then or later.' }),
  failedBefore: time.exactOptional().openapi({ type: 'string', format: 'date-time', description: 'Whose newest failure was before.' }),
};

const which = z
  .strictObject({ tenant: tenantQuery, ids: z.array(z.string().max(255)).min(1).max(1_000).exactOptional(), ...filter })
  .refine((given) => Object.values(given).some((value) => value !== undefined), 'say which letters: ids, or what they have in common');

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
      description:
        'False: the call had no idempotency key, so nobody knows whether its caller has made it anew. A replay may then write twice.',
    }),
  })
  .openapi('DeadLetter');

const listLetters = createRoute({
  method: 'get',
  path: '/dead-letters',
  summary: 'Failed writes that may be tried again, the newest first',
  request: { query: z.object({ tenant: tenantQuery, ...filter, ...paging }) },
  responses: {
    200: {
      description: 'A page of them.',
      content: { 'application/json': { schema: z.object({ letters: z.array(letterSchema), next: nextPage }) } },
    },
    ...problemResponses,
  },
});

const getLetter = createRoute({
  method: 'get',
  path: '/dead-letters/{id}',
  summary: 'One of them, with the arguments of its call: they may hold secrets',
  request: { params: z.object({ id: z.string().max(255) }) },
  responses: {
    200: {
      description: 'The letter.',
      content: { 'application/json': { schema: letterSchema.extend({ arguments: z.unknown() }) } },
    },
    ...problemResponses,
  },
});

const body = { required: true, content: { 'application/json': { schema: which } } };

const replayLetters = createRoute({
  method: 'post',
  path: '/dead-letters/replay',
  summary: 'Makes their calls again, at most 100, with their idempotency keys of then and the rights of their keys of now',
  request: { body },
  responses: {
    200: {
      description: 'What became of each. "more": there are further ones that fit and had no turn. Closing the connection stops it.',
      content: {
        'application/json': {
          schema: z.object({
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
        },
      },
    },
    ...problemResponses,
  },
});

const discardLetters = createRoute({
  method: 'post',
  path: '/dead-letters/discard',
  summary: 'Drops them: their calls are never made again',
  request: { body },
  responses: {
    200: {
      description: 'How many they were.',
      content: { 'application/json': { schema: z.object({ discarded: z.number().int() }) } },
    },
    ...problemResponses,
  },
});

/** Adds `GET /dead-letters`, `GET /dead-letters/{id}`, `POST /dead-letters/replay` and `POST /dead-letters/discard`. */
export function addDeadLetterRoutes(app: OpenAPIHono<AdminEnv>, { deadLetters, apiKeys, call, audit }: DeadLetterServices): void {
  const record = ({ id, address }: AdminCaller, { tenant, ids, ...rest }: DeadLetterFilter, act: string) =>
    audit.record({
      event: 'operator.acted',
      tenant,
      principal: id,
      address,
      subject: ids ? `${ids.length} letters: ${ids.join(' ')}` : JSON.stringify(rest),
      detail: act,
    });

  app.openapi(listLetters, async (context) => {
    const { tenant, after, ...wanted } = context.req.valid('query');
    const page = await deadLetters.list({
      ...wanted,
      ...(after !== undefined && { after }),
      ...whose(context.var.caller, tenant),
    });
    return context.json({ letters: page.deadLetters.map(shown), next: page.next }, 200);
  });

  app.openapi(getLetter, async (context) => {
    const letter = await deadLetters.get(context.req.valid('param').id, whose(context.var.caller, undefined));
    if (!letter) throw new ToolError('NOT_FOUND', 'There is no such letter: it was replayed, discarded or is not yours. List them.');
    const { arguments: args, ...rest } = letter;
    return context.json({ ...shown(rest), arguments: args }, 200);
  });

  app.openapi(replayLetters, async (context) => {
    const { caller } = context.var;
    const { tenant, ...wanted } = context.req.valid('json');
    const letters = { ...wanted, ...whose(caller, tenant) };
    await record(caller, letters, 'dead-letters.replay');
    const {
      deadLetters: replayed,
      counts,
      more,
    } = await deadLetters.replay(letters, {
      call,
      signal: context.req.raw.signal,
      authorize: async ({ id }) => {
        const key = await apiKeys.get(id);
        return key && key.revokedAt === undefined ? { tenant: key.tenant, id, roles: key.roles, toolsets: key.toolsets } : undefined;
      },
    });
    return context.json({ letters: [...replayed], counts: { ...counts }, more }, 200);
  });

  app.openapi(discardLetters, async (context) => {
    const { caller } = context.var;
    const { tenant, ...wanted } = context.req.valid('json');
    const letters = { ...wanted, ...whose(caller, tenant) };
    await record(caller, letters, 'dead-letters.discard');
    return context.json({ discarded: await deadLetters.discard(letters) }, 200);
  });
}

/** The tenant of a filter: there for an owner whatever happens. */
function whose(caller: AdminCaller, wanted: string | undefined): { readonly tenant?: string } {
  const tenant = tenantFor(caller, wanted);
  return tenant === undefined ? {} : { tenant };
}

const shown = ({ failedAt, ...letter }: DeadLetter) => ({ ...letter, failedAt: new Date(failedAt).toISOString() });
