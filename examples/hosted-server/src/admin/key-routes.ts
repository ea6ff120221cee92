import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import { ToolError, type Audit } from '@busbar/core';
import type { ApiKeys, StoredApiKey } from '@busbar/postgres';
import { tenantFor, type AdminCaller, type AdminEnv } from './admin-caller.ts';
import { isPlainName, plainNameRule } from '../plain-name.ts';
import { nextPage, pagingOf, tenantQuery } from './query-parameters.ts';
import { jsonResponse } from './json-response.ts';
import { problemResponses } from './problem.ts';
import { recordCreated, rightsOf } from './record-key.ts';
import type { ReportPlaces } from './report-places.ts';
import { safeText } from './safe-text.ts';

/** The services that the key routes need. */
export interface KeyServices {
  readonly apiKeys: ApiKeys;
  readonly audit: Audit;
  readonly reports: ReportPlaces;
  /** The most valid keys of a tenant. */
  readonly maxKeysOfTenant: number;
  /** Forgets a revoked key, which this process may have cached. */
  forgetKey(id: string): void;
}

const plainName = (length: number) => safeText(length).trim().min(1).refine(isPlainName, plainNameRule);
const tenantName = plainName(255);
const keyName = plainName(100);
// A page of keys with that many names is the largest answer of this API that is not a download.
const maxListed = 100;
const names = z.array(plainName(64)).max(20);
const builtIn = ['owner', 'operator'];
const isRole = (role: string) => builtIn.includes(role) || !builtIn.includes(role.toLowerCase());
const roles = z.array(plainName(64).refine(isRole, 'must not differ from "owner" or "operator" only in upper case')).max(20);

const keySchema = z
  .object({
    id: z.string(),
    tenant: z.string(),
    name: z.string(),
    prefix: z.string().openapi({ description: 'The first characters of the key, for recognition.' }),
    roles: z.array(z.string()),
    toolsets: z.array(z.string()).optional().openapi({ description: 'The toolsets that the key may use. Absent: all.' }),
    createdAt: z.iso.datetime(),
    createdBy: z.string().optional().openapi({ description: 'The id of the key that created it. Absent: the server created it.' }),
    lastUsedAt: z.iso.datetime().optional(),
    revokedAt: z.iso.datetime().optional().openapi({ description: 'Absent: the key is valid.' }),
  })
  .openapi('Key');

const listKeys = createRoute({
  method: 'get',
  path: '/keys',
  summary: 'Lists keys, including revoked keys',
  description: `A page has at most ${maxListed} keys, also for a larger "limit".`,
  request: { query: z.object({ tenant: tenantQuery, ...pagingOf(200) }) },
  responses: {
    200: jsonResponse('A page of keys.', z.object({ keys: z.array(keySchema), next: nextPage })),
    ...problemResponses,
  },
});

const makeKey = createRoute({
  method: 'post',
  path: '/keys',
  summary: 'Creates a key and shows it once',
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.strictObject({
            tenant: tenantName.optional().openapi({ description: 'Default: the caller’s tenant. Only operators can name another.' }),
            name: keyName.openapi({ description: 'A name for people.' }),
            roles: roles
              .default([])
              .openapi({ description: '"owner", "operator" or roles of your own. Only operators can grant "operator".' }),
            toolsets: names.optional().openapi({ description: 'The toolsets that the key may use. Default: the caller’s toolsets.' }),
          }),
        },
      },
    },
  },
  responses: {
    201: jsonResponse('The key. The server keeps only its hash.', z.object({ id: z.string(), key: z.string() })),
    ...problemResponses,
  },
});

const revokeKey = createRoute({
  method: 'delete',
  path: '/keys/{id}',
  summary: 'Revokes a key permanently',
  description:
    'The process that answers refuses the key at once, and the admin API of every replica does too. For MCP, other replicas refuse it within 30 seconds.',
  request: { params: z.object({ id: safeText(255) }) },
  responses: {
    200: jsonResponse(
      'The key is revoked. "made" has the valid keys that it created, and that those created, and so on: they stay valid. If the key was stolen, revoke them too. "more": there may be others.',
      z.object({ made: z.array(keySchema), more: z.boolean() }),
    ),
    ...problemResponses,
  },
});

/** Adds `GET /keys`, `POST /keys` and `DELETE /keys/{id}`. */
export function addKeyRoutes(app: OpenAPIHono<AdminEnv>, services: KeyServices): void {
  const { apiKeys, audit, reports, maxKeysOfTenant, forgetKey } = services;

  app.openapi(listKeys, async (context) => {
    const { tenant, limit, after } = context.req.valid('query');
    const { caller } = context.var;
    const query = { tenant: tenantFor(caller, tenant), limit: Math.min(limit, maxListed), after };
    const { keys, next } = await reports.run(caller.tenant, () => apiKeys.list(query));
    return context.json({ keys: keys.map(keyJson), next }, 200);
  });

  app.openapi(makeKey, async (context) => {
    const { caller } = context.var;
    const requested = context.req.valid('json');
    const tenant = tenantFor(caller, requested.tenant) ?? caller.tenant;
    if (!caller.isOperator && requested.roles.includes('operator'))
      throw new ToolError('FORBIDDEN', 'Only an operator can grant the role "operator". Leave it out.');
    const created = await apiKeys.create(
      { tenant, name: requested.name, roles: requested.roles, toolsets: toolsetsFor(caller, requested.toolsets) },
      { maker: caller, maxOfTenant: maxKeysOfTenant },
    );
    await recordCreated(services, created, { principal: caller.id, address: caller.address });
    return context.json({ id: created.id, key: created.key }, 201);
  });

  app.openapi(revokeKey, async (context) => {
    const { caller } = context.var;
    const { id } = context.req.valid('param');
    const scope = { tenant: tenantFor(caller, undefined) };
    const key = await apiKeys.get(id, scope);
    if (!key || key.revokedAt !== undefined)
      throw new ToolError('NOT_FOUND', 'There is no such key, or it is already revoked. List the keys.');
    if (key.roles.includes('operator') && !caller.isOperator)
      throw new ToolError('FORBIDDEN', 'This key has the role "operator", so only an operator can revoke it.');
    const { tenant } = key;
    await audit.record({ event: 'key.revoked', tenant, principal: caller.id, address: caller.address, subject: id, detail: rightsOf(key) });
    // Also if the answer of the database is lost, because the key may be revoked.
    await apiKeys.revoke(id, scope).finally(() => forgetKey(id));
    // Waits for a place: the key is revoked by now, and the caller should see what else to revoke.
    const { keys: made, more } = await reports.runInTurn(caller.tenant, () => apiKeys.madeBy(id, scope));
    return context.json({ made: made.map(keyJson), more }, 200);
  });
}

/** The toolsets of a new key: never more than the caller's own. */
function toolsetsFor({ toolsets: own }: AdminCaller, requested: readonly string[] | undefined): readonly string[] | undefined {
  if (own === undefined) return requested;
  const beyond = (requested ?? []).filter((toolset) => !own.includes(toolset));
  if (beyond.length > 0)
    throw new ToolError('FORBIDDEN', `This key may not use ${beyond.join(', ')} itself, so it cannot grant that. Leave it out.`);
  return requested ?? own;
}

const keyJson = ({ createdAt, createdBy, lastUsedAt, revokedAt, roles, toolsets, ...key }: StoredApiKey) => ({
  ...key,
  roles: [...roles],
  ...(toolsets && { toolsets: [...toolsets] }),
  createdAt: new Date(createdAt).toISOString(),
  ...(createdBy !== undefined && { createdBy }),
  ...(lastUsedAt !== undefined && { lastUsedAt: new Date(lastUsedAt).toISOString() }),
  ...(revokedAt !== undefined && { revokedAt: new Date(revokedAt).toISOString() }),
});
