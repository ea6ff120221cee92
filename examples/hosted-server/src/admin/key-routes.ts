import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import { ToolError, type Audit } from '@busbar/core';
import type { ApiKeys, StoredApiKey } from '@busbar/postgres';
import { tenantFor, type AdminCaller, type AdminEnv } from './admin-caller.ts';
import { nextPage, paging, tenantQuery } from './paging.ts';
import { problemResponses } from './problem.ts';

/** What the routes of keys work with. */
export interface KeyServices {
  readonly apiKeys: ApiKeys;
  readonly audit: Audit;
}

const name = z.string().trim().min(1).max(255);
const names = z.array(name).max(50);

const keySchema = z
  .object({
    id: z.string(),
    tenant: z.string(),
    name: z.string(),
    prefix: z.string().openapi({ description: 'The first characters of the key, to recognize it by.' }),
    roles: z.array(z.string()),
    toolsets: z.array(z.string()).optional().openapi({ description: 'Absent: all.' }),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().optional(),
    revokedAt: z.iso.datetime().optional().openapi({ description: 'Absent: the key is good.' }),
  })
  .openapi('Key');

const listKeys = createRoute({
  method: 'get',
  path: '/keys',
  summary: 'Keys, revoked ones too',
  request: { query: z.object({ tenant: tenantQuery, ...paging }) },
  responses: {
    200: {
      description: 'A page of them.',
      content: { 'application/json': { schema: z.object({ keys: z.array(keySchema), next: nextPage }) } },
    },
    ...problemResponses,
  },
});

const makeKey = createRoute({
  method: 'post',
  path: '/keys',
  summary: 'Makes a key and shows it, this once',
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.strictObject({
            tenant: name.optional().openapi({ description: 'Default: that of the key that asks. Another one is for operators.' }),
            name: name.openapi({ description: 'For people.' }),
            roles: names
              .default([])
              .openapi({ description: '"owner", "operator" or roles of your own. "operator" is an operator’s to give.' }),
            toolsets: names.optional().openapi({ description: 'What the key may use. Default: what the key that asks may.' }),
          }),
        },
      },
    },
  },
  responses: {
    201: {
      description: 'The key. Only its hash is kept.',
      content: { 'application/json': { schema: z.object({ id: z.string(), key: z.string() }) } },
    },
    ...problemResponses,
  },
});

const revokeKey = createRoute({
  method: 'delete',
  path: '/keys/{id}',
  summary: 'Revokes a key for good',
  request: { params: z.object({ id: z.string().max(255) }) },
  responses: { 204: { description: 'It is revoked, and refused everywhere within 30 seconds.' }, ...problemResponses },
});

/** Adds `GET /keys`, `POST /keys` and `DELETE /keys/{id}`. */
export function addKeyRoutes(app: OpenAPIHono<AdminEnv>, { apiKeys, audit }: KeyServices): void {
  app.openapi(listKeys, async (context) => {
    const { tenant, limit, after } = context.req.valid('query');
    const { keys, next } = await apiKeys.list({ tenant: tenantFor(context.var.caller, tenant), limit, after });
    return context.json({ keys: keys.map(shown), next }, 200);
  });

  app.openapi(makeKey, async (context) => {
    const { caller } = context.var;
    const wanted = context.req.valid('json');
    const tenant = tenantFor(caller, wanted.tenant) ?? caller.tenant;
    if (!caller.isOperator && wanted.roles.includes('operator'))
      throw new ToolError('FORBIDDEN', 'Only an operator gives the role "operator". Leave it out.');
    const made = await apiKeys.create({ tenant, name: wanted.name, roles: wanted.roles, toolsets: toolsetsFor(caller, wanted.toolsets) });
    try {
      await audit.record({ event: 'key.created', tenant, principal: caller.id, address: caller.address, subject: made.id });
    } catch (error) {
      // Nobody has seen it, and what is not in the audit must not be good.
      await apiKeys.revoke(made.id);
      throw error;
    }
    return context.json({ id: made.id, key: made.key }, 201);
  });

  app.openapi(revokeKey, async (context) => {
    const { caller } = context.var;
    const { id } = context.req.valid('param');
    const key = await apiKeys.get(id);
    if (!key || key.revokedAt !== undefined || !(caller.isOperator || key.tenant === caller.tenant))
      throw new ToolError('NOT_FOUND', 'There is no such key, or it was revoked before. List the keys.');
    if (key.roles.includes('operator') && !caller.isOperator)
      throw new ToolError('FORBIDDEN', 'This key has the role "operator", so only an operator revokes it.');
    await audit.record({ event: 'key.revoked', tenant: key.tenant, principal: caller.id, address: caller.address, subject: id });
    await apiKeys.revoke(id);
    return context.body(null, 204);
  });
}

/** A key never makes one that may use more than itself. */
function toolsetsFor({ toolsets: own }: AdminCaller, wanted: readonly string[] | undefined): readonly string[] | undefined {
  if (own === undefined) return wanted;
  const beyond = (wanted ?? []).filter((toolset) => !own.includes(toolset));
  if (beyond.length > 0)
    throw new ToolError('FORBIDDEN', `This key may not use ${beyond.join(', ')} itself, so it cannot give that. Leave it out.`);
  return wanted ?? own;
}

const shown = ({ createdAt, lastUsedAt, revokedAt, roles, toolsets, ...key }: StoredApiKey) => ({
  ...key,
  roles: [...roles],
  ...(toolsets && { toolsets: [...toolsets] }),
  createdAt: new Date(createdAt).toISOString(),
  ...(lastUsedAt !== undefined && { lastUsedAt: new Date(lastUsedAt).toISOString() }),
  ...(revokedAt !== undefined && { revokedAt: new Date(revokedAt).toISOString() }),
});
