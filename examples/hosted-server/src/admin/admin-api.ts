import type { RequestListener } from 'node:http';
import { OpenAPIHono } from '@hono/zod-openapi';
import { ToolError, type Logger } from '@busbar/core';
import { bodyLimit } from 'hono/body-limit';
import { admitCaller, type AdminEnv, type AdmitOptions } from './admin-caller.ts';
import { addAuditRoutes, type AuditServices } from './audit-routes.ts';
import { addDeadLetterRoutes, type DeadLetterServices } from './dead-letter-routes.ts';
import { addKeyRoutes, type KeyServices } from './key-routes.ts';
import { problemOf } from './problem.ts';
import { addQuotaRoutes, type QuotaServices } from './quota-routes.ts';
import { addUsageRoutes, type UsageServices } from './usage-routes.ts';
import { webListener } from '../http/web-listener.ts';

/** What the admin API is made of. */
export interface AdminApiOptions extends AdmitOptions, KeyServices, QuotaServices, UsageServices, AuditServices, DeadLetterServices {
  readonly version: string;
  readonly log: Logger;
}

const maxBodyBytes = 64 * 1024;
const maxProblemsTold = 10;

/** What operators and owners do over HTTP, under `/admin/v1/`. It describes itself at `/admin/v1/openapi.json`. */
export function createAdminApi(options: AdminApiOptions): RequestListener {
  const { log } = options;
  const app = new OpenAPIHono<AdminEnv>({
    defaultHook: (result) => {
      if (!result.success) throw new ToolError('INVALID_INPUT', sentences(result.error.issues));
    },
  });
  app.onError((error) => problemOf(error, log));
  app.use(admitCaller(options));
  app.use(bodyLimit({ maxSize: maxBodyBytes, onError: tooLarge }));
  app.notFound(() => problemOf(new ToolError('NOT_FOUND', 'Nothing is served here. /admin/v1/openapi.json says what there is.'), log));
  const v1 = app.basePath('/admin/v1');
  addKeyRoutes(v1, options);
  addQuotaRoutes(v1, options);
  addUsageRoutes(v1, options);
  addAuditRoutes(v1, options);
  addDeadLetterRoutes(v1, options);
  v1.openAPIRegistry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer', description: 'An API key.' });
  v1.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Busbar', version: options.version, description: 'What operators and owners of tenants do.' },
    security: [{ key: [] }],
  });
  return webListener((request, env) => app.fetch(request, env), log);
}

function tooLarge(): never {
  throw new ToolError('INVALID_INPUT', `The body is larger than ${maxBodyBytes} bytes. Do it in several requests.`);
}

function sentences(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  const told = issues.slice(0, maxProblemsTold).map(({ path, message }) => `${path.join('.') || 'the request'}: ${message}`);
  return `${told.join('; ')}. Correct that and ask again.`;
}
