import { inspect } from 'node:util';
import { createHost, memoryConnections, systemClock, ToolError, type Answer, type Authenticate } from '@busbar/core';
import { cockatielResilience } from '@busbar/core/adapters/cockatiel';
import { gotHttpClient } from '@busbar/core/adapters/got';
import { httpTransport } from '@busbar/core/mcp/http';
import { startSimulator } from '@busbar/core/testing';
import { sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callOf, post } from '../../core/test/mcp/raw.ts';
import { recordingLog } from '../../core/test/mcp/recording-log.ts';
import { metricsPage } from '../../core/test/support/metrics.ts';
import {
  createApiKeys,
  createDeadLetters,
  createUsage,
  exportAudit,
  openDatabase,
  postgresAudit,
  postgresMetering,
  postgresState,
  reconcile,
  type Database,
} from '../src/index.ts';
import { kinds, type Kind } from './support/databases.ts';
import { leaks } from './support/leaks.ts';
import { staying } from './support/ledger.ts';
import { vault } from './vault.ts';

const secret = 'a secret of the tests, which is long enough';
const settings = { token: 'kanari-token-1', certificate: '-----BEGIN "C"-----\nkanari-certificate\n-----END-----' };
const password = 'kanari-argument-1';
const idempotencyKey = 'kanari-idempotency-1';

/** Every row of every table, as text. */
async function everything({ db }: Database): Promise<string> {
  const tables = await sql<{
    name: string;
  }>`select table_name as name from information_schema.tables where table_schema = 'public'`.execute(db);
  const dumps = tables.rows.map(({ name }) =>
    sql<{ row: string }>`select ${name} || ' ' || each::text as row from ${sql.table(name)} as each`.execute(db),
  );
  return (await Promise.all(dumps)).flatMap(({ rows }) => rows.map(({ row }) => row)).join('\n');
}

/** A server with every store, and a vendor that repeats the request in its answer. */
async function serve(kind: Kind) {
  const at = await kind.place();
  onTestFinished(() => at.remove());
  const { log, lines } = recordingLog();
  const database = await openDatabase({ ...at.options, log });
  onTestFinished(() => database.close());
  const keys = createApiKeys(database, systemClock);
  const { key, id } = await keys.create({ tenant: 'acme', name: 'first', roles: [], toolsets: ['default'] });
  const vendor = await startSimulator({
    routes: { 'POST /passwords': ({ body }) => ({ status: 200, body: { stored: (body as { logins: unknown[] }).logins.length } }) },
  });
  onTestFinished(() => vendor.close());
  const metering = postgresMetering(database, {
    log,
    deadLetters: { secret },
    usageEvents: true,
    quotas: [{ of: 'units', limit: 9, per: 'month', each: 'key' }],
    prices: [{ perCall: 5 }],
  });
  const audit = postgresAudit(database, { log });
  const { observer, page } = metricsPage(['vault']);
  const authenticate: Authenticate = async ({ token = '' }) => {
    const known = await keys.use(token);
    if (!known) throw new ToolError('UNAUTHENTICATED', 'This API key is not known here.');
    return known;
  };
  const host = createHost({
    connectors: [vault],
    connections: memoryConnections([{ connector: 'vault', tenant: 'acme', config: settings }]),
    httpClient: gotHttpClient(),
    resilience: cockatielResilience({ retries: 0, observer }),
    remapOrigins: { 'https://vault.example': vendor.url },
    state: postgresState(database, { secret }),
    repeatWindowMs: 1,
    metering,
    audit,
    authenticate,
    log,
    observer,
    secret,
  });
  const listener = await httpTransport({ port: 0 }).listen(host);
  let ended: Promise<void> | undefined;
  const end = () =>
    (ended ??= (async () => {
      await listener.close();
      await host.close(0);
      await metering.drain();
      await audit.drain();
    })());
  onTestFinished(end);

  const seen: string[] = [];
  const call = async (args: object, { token = key, name = 'vault_store_password', as = idempotencyKey } = {}) => {
    const message = callOf(name, args, { _meta: { 'busbar/idempotencyKey': as } });
    const { text, status } = await post(new URL(listener.url), message, { headers: { authorization: `Bearer ${token}` } });
    seen.push(text);
    const { result } = JSON.parse(text) as { result?: Answer & { _meta?: Answer['meta'] } };
    return (result?._meta?.['busbar/error'] as { code?: string } | undefined)?.code ?? (result ? 'fine' : `HTTP ${status}`);
  };
  return { database, vendor, host, lines, page, seen, call, end, keys, key, id };
}

describe.each(kinds)('a secret on $kind', (kind) => {
  test('is in no row, log line, error, answer, metric, CSV or export, however calls end', async () => {
    const { database, vendor, host, lines, page, seen, call, end, keys, key, id } = await serve(kind);
    const refusal = (status: number) =>
      ({ kind: 'status', status, body: { said: `Not now, ${settings.token} ${settings.certificate}` } }) as const;
    const args = { note: `with ${settings.token} and ${settings.certificate}`, logins: [{ password }] };

    expect(await call(args)).toBe('fine');
    expect(await call(args)).toBe('fine');
    expect(await call({ ...args, logins: [] })).toBe('IDEMPOTENCY_CONFLICT');
    expect(await call({ logins: [{ password: password.repeat(9) }] })).toBe('INVALID_INPUT');
    expect(await call({ logins: { password } })).toBe('INVALID_INPUT');
    vendor.misbehave(refusal(400));
    expect(await call(args, { as: `${idempotencyKey}-letter` })).toBe('RATE_LIMITED');
    const deadLetters = createDeadLetters(database, { secret });
    const [deadLetter] = (await deadLetters.list({})).deadLetters;
    expect(deadLetter?.message).toBe('RATE_LIMITED: Not now, [redacted] [redacted]');
    expect(await deadLetters.get(deadLetter?.id ?? '')).toMatchObject({ arguments: args });
    vendor.misbehave(refusal(429));
    expect(await deadLetters.replay({}, { call: host.call, signal: staying.signal })).toMatchObject({ deadLetters: [{ kept: true }] });
    vendor.misbehave({ kind: 'lose' });
    expect(await call(args, { as: `${idempotencyKey}-lost` })).toBe('OUTCOME_UNKNOWN');
    // An error that a tool throws is for the log alone.
    expect(await call({ ...args, logins: [] }, { as: `${idempotencyKey}-broken` })).toBe('INTERNAL');
    expect(await call({ password }, { name: 'vault_erase_all' })).toBe('HTTP 200');
    expect(await call(args, { token: `${key.slice(0, -1)}_` })).toBe('HTTP 401');
    for (let index = 0; index < 6; index += 1) await call(args, { as: `${idempotencyKey}-${index}` });
    expect(await call(args, { as: `${idempotencyKey}-refused` })).toBe('QUOTA_EXCEEDED');
    await keys.revoke(id);
    expect(await call(args)).toBe('HTTP 401');
    await end();

    const rows = await everything(database);
    const exported = await all(exportAudit(database));
    const usage = createUsage(database);
    const by = ['day', 'tenant', 'key', 'connector', 'tool'] as const;
    const csv = await all(usage.csv({ from: Date.now() - 86_400_000, until: Date.now() + 1_000, by }));
    // All records exist, with the secrets taken out.
    expect(rows).toContain('with [redacted] and [redacted]');
    expect(exported.join('\n')).toContain(String.raw`\"password\":\"[redacted]\"`);
    expect(exported.join('\n')).toContain('call.refused');
    expect(csv.join('')).toContain(`acme,${id},vault,vault_store_password`);
    const log = inspect(lines, { depth: Infinity, maxStringLength: null, maxArrayLength: null });
    expect(log).toContain('The certificate [redacted] is not good');
    const metrics = await page();
    expect(metrics).toContain('mcp_idempotency_hits_total{connector="vault"} 1');
    expect((await reconcile(database)).problems).toEqual([]);

    const words = ['kanari', settings.certificate, key, key.slice(9)];
    const places = { rows, log, answers: seen.join('\n'), exported: exported.join('\n'), csv: csv.join(''), metrics };
    for (const [place, text] of Object.entries(places)) expect(leaks(text, words), place).toEqual([]);
  });
});

test('the search for secrets finds them as text, as bytes in hex and in base64', () => {
  const word = 'kanari';
  expect(leaks('', [word])).toEqual([]);
  for (const text of [`a ${word}`, `\\x00${Buffer.from(`x${word}`).toString('hex')}`]) expect(leaks(text, [word])).not.toEqual([]);
  for (const before of ['', 'x', 'xy', 'xyz']) expect(leaks(Buffer.from(`${before}${word}zz`).toString('base64'), [word])).not.toEqual([]);
  expect(leaks('nothing of it', [word])).toEqual([]);
});

async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
}
