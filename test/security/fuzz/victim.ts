import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startSalesforceSandbox } from '../../../packages/connector-salesforce/src/sandbox.ts';
import { startSendGridSandbox } from '../../../packages/connector-sendgrid/src/sandbox.ts';
import { startZendeskSandbox } from '../../../packages/connector-zendesk/src/sandbox.ts';
import { postgresql } from '../../../packages/postgres/test/support/databases.ts';
import { webhookPath } from '../../../examples/hosted-server/src/http/webhook-path.ts';
import { dataFolder, startServing, temporaryFolder, type ServerProcess } from '../../../examples/hosted-server/test/server-process.ts';
import { cpuMsOf } from './cpu-clock.ts';
import type { FuzzRequest, Outcome, Target } from './target.ts';

const serverSecret = 'a secret of the tests, which is long enough';
// A tenant's large bodies wait until it has used no more than its part of the time, so calls are spread over several.
const tenants = ['default', 'a', 'b', 'c', 'd', 'e'];
const account = (connector: string, tenant = 'default') => ({ tenant, connector, name: 'fuzz' });

/** The paths of the hooks. They are the same for each server. */
export const hooks = {
  zendesk: `/hooks/${webhookPath(serverSecret, account('zendesk'))}`,
  sendgrid: `/hooks/${webhookPath(serverSecret, account('sendgrid'))}`,
};
export const zendeskSecret = 'the secret of the webhook';
/** What a request has as its `authorization` for the key of an operator, and for a key of any tenant. Keys change with each start. */
export const asOperator = 'Bearer <operator>';
export const asCaller = 'Bearer <caller>';

// A server keeps what the search writes, and a sandbox does, too.
const maxRequests = 3_000;
const maxWaitMs = 30_000;

/** A hosted server in a process of its own, whose CPU time is read after each request. It is started again now and then. */
export interface Victim extends Target {
  /** Sends a request and returns its answer. */
  ask(request: FuzzRequest): Promise<{ readonly status: number; readonly body: string }>;
  /** The headers that SendGrid would send with this body. */
  signAsSendGrid(body: string): Promise<Readonly<Record<string, string>>>;
}

interface Running {
  readonly stack: AsyncDisposableStack;
  readonly server: ServerProcess;
  readonly agent: Agent;
  /** A key of each tenant. */
  readonly keys: readonly string[];
  readonly sign: Victim['signAsSendGrid'];
  sent: number;
  /** How much of its log has been looked at. */
  read: number;
}

/** Starts a server that ends with the stack. */
export async function startVictim(stack: AsyncDisposableStack): Promise<Victim> {
  let running = await start();
  stack.defer(() => running.stack.disposeAsync());

  async function restart(): Promise<void> {
    await running.stack.disposeAsync();
    running = await start();
  }

  async function send(request: FuzzRequest): Promise<Outcome> {
    if (running.sent >= maxRequests) await restart();
    running.sent += 1;
    const { server } = running;
    const before = cpuMsOf(server.pid);
    const reply = await exchange(running, request);
    // The server answers this only when the turn of the event loop in which it answered is over.
    const after = await exchange(running, { method: 'GET', path: '/health/live', headers: {} });
    if (after.code !== '200') {
      const ended = await Promise.race([server.ended, new Promise<undefined>((resolve) => void setImmediate(() => resolve(undefined)))]);
      const fault =
        ended === undefined ? `no longer answers (${after.code})` : `ends the process (${ended}): ${server.stderr.slice(-2_000)}`;
      await restart();
      return { cpuMs: 0, code: 'ended', fault };
    }
    const cpuMs = cpuMsOf(server.pid) - before;
    const log = server.stderr.slice(running.read);
    running.read += log.length;
    const fault = reply.fault ?? (log.includes('"level":"error"') ? `logs an error: ${log.slice(0, 2_000)}` : undefined);
    return { cpuMs, code: reply.code, ...(fault !== undefined && { fault }) };
  }

  return {
    send,
    ask: async (request) => {
      const response = await respond(running, request);
      return { status: response.statusCode ?? 0, body: await text(response) };
    },
    signAsSendGrid: (body) => running.sign(body),
  };
}

async function start(): Promise<Running> {
  await using undo = new AsyncDisposableStack();
  const zendesk = await startZendeskSandbox({
    clientSecret: 'secret',
    webhookSecret: zendeskSecret,
    requestsPerMinute: 100_000_000,
    ticketUpdatesPerMinute: 100_000_000,
    maxRequests: 5,
  });
  const sendgrid = await startSendGridSandbox({ requestsPerMinute: 100_000_000, maxRequests: 5 });
  const salesforce = await startSalesforceSandbox({ dailyRequests: 100_000_000, maxRequests: 5 });
  const sandboxes = { zendesk, sendgrid, salesforce };
  for (const sandbox of Object.values(sandboxes)) undo.defer(() => sandbox.close());
  const connections = join(await temporaryFolder(undo), 'connections.json');
  const accounts = tenants.flatMap((tenant) =>
    Object.entries(sandboxes).map(([connector, { config }]) => ({ ...account(connector, tenant), config })),
  );
  await writeFile(connections, JSON.stringify(accounts), { mode: 0o600 });
  const place = await postgresql?.place();
  if (place) undo.defer(() => place.remove());
  const most = '1000000';
  const server = await startServing(undo, {
    ...(place && 'url' in place.options ? { DATABASE_URL: place.options.url ?? '' } : { BUSBAR_DATA_DIR: await dataFolder(undo) }),
    NODE_OPTIONS: `--import ${new URL('./lift-limits.ts', import.meta.url).href}`,
    BUSBAR_SECRET: serverSecret,
    BUSBAR_CONNECTIONS: connections,
    BUSBAR_REMAP_ORIGINS: Object.values(sandboxes)
      .flatMap(({ remapOrigins }) => Object.entries(remapOrigins).map((pair) => pair.join('=')))
      .join(','),
    BUSBAR_CALLS_PER_MINUTE: most,
    BUSBAR_CALLS_PER_HOUR: most,
    BUSBAR_TENANT_CALLS_PER_MINUTE: most,
    BUSBAR_ADDRESS_CALLS_PER_MINUTE: most,
    BUSBAR_CALL_TIMEOUT_MS: '3000',
    // No checks in the background.
    BUSBAR_CHECK_EVERY_MS: '86400000',
    LOG_LEVEL: 'error',
  });
  if (server.url === '') throw new Error(`The server does not start: ${server.stderr}`);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  undo.defer(async () => agent.destroy());
  const running = { server, agent, keys: [server.key], sign: sendgrid.sign, sent: 0 };
  for (const tenant of tenants.slice(1)) {
    const body = JSON.stringify({ tenant, name: tenant });
    const headers = { authorization: asOperator, 'content-type': 'application/json' };
    const made = await respond(running, { method: 'POST', path: '/admin/v1/keys', headers, body });
    running.keys.push((JSON.parse(await text(made)) as { key: string }).key);
  }
  return { ...running, stack: undo.move(), read: server.stderr.length };
}

async function respond(
  { server, agent, keys, sent }: Pick<Running, 'server' | 'agent' | 'keys' | 'sent'>,
  { method, path, headers, body }: FuzzRequest,
): Promise<IncomingMessage> {
  const { hostname, port } = new URL(server.url);
  const key = { [asOperator]: server.key, [asCaller]: keys[sent % keys.length] }[headers['authorization'] ?? ''];
  const request = httpRequest({
    hostname,
    port,
    agent,
    method,
    path,
    headers: { ...headers, ...(key !== undefined && { authorization: `Bearer ${key}` }) },
    signal: AbortSignal.timeout(maxWaitMs),
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

/** Sends a request, and says in a word what was answered. */
async function exchange(running: Running, request: FuzzRequest): Promise<{ readonly code: string; readonly fault?: string }> {
  let status: number | undefined;
  let body: string;
  try {
    const response = await respond(running, request);
    status = response.statusCode;
    body = await text(response);
  } catch (error) {
    const { name, code } = error as NodeJS.ErrnoException;
    if (name === 'AbortError' || name === 'TimeoutError') return { code: 'hangs', fault: `is not answered in ${maxWaitMs} ms` };
    // The server closes a connection whose body it does not want to read to its end.
    return { code: code ?? name };
  }
  const found = /"code":"([A-Z_]+)"|"title":"([A-Z_]+)"|"code":(-\d+)/.exec(body.slice(0, 20_000));
  const code = found?.[1] ?? found?.[2] ?? found?.[3] ?? String(status);
  if (status === 500) return { code, fault: `answers with 500: ${body.slice(0, 300)}` };
  if (code === 'INTERNAL' || code === '-32603') return { code, fault: `answers with INTERNAL: ${body.slice(0, 300)}` };
  return { code };
}
