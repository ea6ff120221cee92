import { OpenAPIHono } from '@hono/zod-openapi';
import { ToolError, truncate, type Logger } from '@busbar/core';
import { pathOf, type WebHandler } from '../http/web-listener.ts';
import { admitBody, type BodyOptions } from './admit-body.ts';
import { admitCaller, type AdminEnv, type AdmitOptions } from './admin-caller.ts';
import { addAuditRoutes, type AuditServices } from './audit-routes.ts';
import { addDeadLetterRoutes, type DeadLetterServices } from './dead-letter-routes.ts';
import { addKeyRoutes, type KeyServices } from './key-routes.ts';
import { problemOf } from './problem.ts';
import { createRefusalRecords } from './record-refusal.ts';
import { addQuotaRoutes, type QuotaServices } from './quota-routes.ts';
import { addUsageRoutes, type UsageServices } from './usage-routes.ts';

/** The services and settings that the admin API needs. */
export interface AdminApiOptions
  extends AdmitOptions, BodyOptions, KeyServices, QuotaServices, UsageServices, AuditServices, DeadLetterServices {
  readonly version: string;
  readonly log: Logger;
}

const methods = ['GET', 'HEAD', 'POST', 'DELETE'];
const maxProblems = 10;
const maxProblemLength = 1_000;

/** The HTTP API for operators and owners, under `/admin/v1/`. Describes itself at `openapi.json` there. Its senders are authenticated. */
export function createAdminApi(options: AdminApiOptions): WebHandler {
  const { log } = options;
  const app = new OpenAPIHono<AdminEnv>({
    getPath: pathOf,
    defaultHook: (result) => {
      if (!result.success) throw new ToolError('INVALID_INPUT', describe(result.error.issues));
    },
  });
  const recordRefusal = createRefusalRecords(options);
  app.onError((error, context) => {
    const { method, path, raw } = context.req;
    // The client has disconnected, which is no failure.
    if (raw.signal.aborted) return new Response(null, { status: 499 });
    // The refusal does not wait for its record.
    void recordRefusal(error, context.var.caller, `${method} ${path}`);
    return problemOf(error, log);
  });
  app.use(async (context, next) => {
    const { method } = context.req;
    if (!methods.includes(method)) return new Response(null, { status: 405, headers: { allow: methods.join(', ') } });
    await next();
    // Hono answers HEAD as GET and forgets the body, but a download must end.
    if (method === 'HEAD') await context.res.body?.cancel();
    return undefined;
  });
  app.use(admitCaller(options));
  app.use(admitBody(options));
  app.notFound(() => problemOf(new ToolError('NOT_FOUND', 'Nothing is served here. /admin/v1/openapi.json lists all routes.'), log));
  const v1 = app.basePath('/admin/v1');
  addKeyRoutes(v1, options);
  addQuotaRoutes(v1, options);
  addUsageRoutes(v1, options);
  addAuditRoutes(v1, options);
  addDeadLetterRoutes(v1, options);
  v1.openAPIRegistry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer', description: 'An API key.' });
  let description: string | undefined;
  v1.get('/openapi.json', (context) => {
    // Building it takes longer than any other answer.
    description ??= JSON.stringify(
      v1.getOpenAPI31Document({
        openapi: '3.1.0',
        info: { title: 'Busbar', version: options.version, description: 'The API for operators and owners of tenants.' },
        security: [{ key: [] }],
      }),
    );
    return context.body(description, 200, { 'content-type': 'application/json' });
  });
  return (request, env) => app.fetch(request, env);
}

function describe(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  const problems = issues.slice(0, maxProblems).map(({ path, message }) => `${path.join('.') || 'the request'}: ${message}`);
  // A message may name what the request sent.
  return `${truncate(problems.join('; '), maxProblemLength)}. Correct that and try again.`;
}
