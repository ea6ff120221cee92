// Busbar with every feature that examples/hosted-server adds to a call: API keys, limits, quota and ledger on PostgreSQL, audit, log,
// metrics. It is one replica, so limits are in memory.
import { hash } from 'node:crypto';
import { createHost, memoryConnections, memoryRateLimit, observers, systemClock, ToolError, type Principal } from '@busbar/core';
import { pinoLogger } from '@busbar/core/adapters/pino';
import { promObserver } from '@busbar/core/adapters/prom-client';
import { httpTransport } from '@busbar/core/mcp/http';
import { createApiKeys, openDatabase, postgresAudit, postgresMetering, postgresState } from '@busbar/postgres';
import { destination } from 'pino';
import { Registry } from 'prom-client';
import { bench } from './busbar-connector.ts';
import { tracing } from './busbar-tracing.ts';
import { port } from './work.ts';

const clock = systemClock;
const secret = 'only-for-measuring-only-for-measuring';

// As in the hosted server, the log lines of one turn of the event loop are written together.
const stream = destination({ dest: 2, sync: true });
let lines = '';
const writeLines = () => {
  stream.write(lines);
  lines = '';
};
const log = pinoLogger({
  level: 'info',
  destination: {
    write(line) {
      if (lines === '') setImmediate(writeLines);
      lines += line;
    },
  },
});
const database = await openDatabase({ url: process.env['DATABASE_URL'] ?? '', log });
const keys = createApiKeys(database, clock);

// As in the hosted server, a key costs one database lookup in 30 seconds, for any number of calls.
const principals = new Map<string, { readonly principal: Promise<Principal>; readonly until: number }>();
const lookUp = async (token: string): Promise<Principal> => {
  const found = await keys.use(token);
  if (!found) throw new ToolError('UNAUTHENTICATED', 'This API key is not known here.');
  const { tenant, id, roles, toolsets } = found;
  return { tenant, id, roles, toolsets };
};
const authenticate = async ({ token = '' }: { readonly token?: string | undefined }): Promise<Principal> => {
  const digest = hash('sha256', token);
  const known = principals.get(digest);
  if (known && known.until > clock.now()) return known.principal;
  const principal = lookUp(token);
  principals.set(digest, { principal, until: clock.now() + 30_000 });
  principal.catch(() => principals.delete(digest));
  return principal;
};

const perMinute = (limit: number) => memoryRateLimit([{ limit, windowMs: 60_000 }], { clock });
const metering = postgresMetering(database, {
  clock,
  log,
  replica: 'bench',
  quotas: [{ of: 'calls', limit: 1_000_000_000, per: 'month', each: 'tenant' }],
  deadLetters: { secret },
});
const audit = postgresAudit(database, { clock, log, replica: 'bench' });
const host = createHost({
  connectors: [bench],
  connections: memoryConnections([{ tenant: 'bench', connector: 'bench', name: 'default', config: {} }]),
  authenticate,
  rateLimit: perMinute(10_000_000),
  tenantRateLimit: perMinute(10_000_000),
  connectorRateLimit: perMinute(10_000_000),
  metering,
  audit,
  state: postgresState(database, { secret }),
  clock,
  log,
  observer: observers([promObserver(new Registry(), ['bench']), ...tracing]),
  secret,
});
await httpTransport({ port, secret }).listen(host);
metering.start();
audit.start();
