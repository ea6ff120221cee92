import type { Audit, Logger } from '@busbar/core';
import type { ApiKeys } from '@busbar/postgres';
import { recordCreated } from './admin/record-key.ts';
import { compose } from './container.ts';
import type { Injector } from './injector.ts';
import { firstTenant } from './settings/account.ts';
import type { Config } from './settings/config.ts';
import { exposedFiles } from './settings/exposed-files.ts';
import { tokens } from './tokens.ts';

/** A running server. */
export interface Server {
  /** The address for MCP clients. */
  readonly url: string;
  /** The addresses for vendors' events: one for each connection that can verify them. */
  readonly webhooks: readonly Webhook[];
  readonly log: Logger;
  readonly demo: boolean;
  /** The API key created at this start. Undefined if there already were keys and no new key was requested. */
  readonly newKey: string | undefined;
  /**
   * Shuts down in this order. The health page reports draining. Usage events are no longer sent. New requests are refused. Running calls
   * may finish. After four fifths of the drain time, the remaining calls are aborted and answered. Connectors close. The last traces are
   * sent, for at most a tenth of the drain time. The transport closes. Remaining records are written. The database closes. May be called
   * twice.
   */
  close(): Promise<void>;
}

/** The webhook address of a connection. */
export interface Webhook {
  readonly url: string;
  /** The connection: `tenant / connector / name`. */
  readonly connection: string;
}

/** Options for starting the server. */
export interface StartOptions {
  /** Creates an API key for the first tenant, even if there are keys. */
  readonly newKey?: boolean | undefined;
  /** The number of this worker, if the process is one of several. */
  readonly worker?: string | undefined;
  /** Replaces values in the injector before any is made. For tests. */
  override?(injector: Injector): void;
}

// The share of the drain time for running calls. The rest is for answering the aborted calls and for closing.
const graceShare = 0.8;

/** Starts the server. If a step fails, the steps before it are undone. */
export async function startServer(config: Config, options: StartOptions = {}): Promise<Server> {
  await using undo = new AsyncDisposableStack();
  const injector = compose(config, options.worker);
  options.override?.(injector);
  const { get, provide } = injector;
  const tracing = await get(tokens.openTracing)();
  undo.defer(async () => tracing?.close());
  provide(tokens.tracing, () => tracing);
  const database = await get(tokens.openDatabase)();
  undo.defer(() => database.close());
  provide(tokens.database, () => database);
  const redis = await get(tokens.openRedis)();
  undo.defer(async () => redis?.close());
  provide(tokens.redis, () => redis);
  const accountSource = await get(tokens.openAccountSource)();
  undo.defer(() => accountSource.close());
  provide(tokens.accountSource, () => accountSource);

  const host = get(tokens.host);
  const log = get(tokens.log);
  const listener = await get(tokens.transport).listen(host);
  undo.defer(() => listener.close());
  // After the steps that are likely to fail, because a key that is created but never shown is lost.
  const newKey = await createKey({ apiKeys: get(tokens.apiKeys), audit: get(tokens.audit) }, options.newKey);
  undo.move();
  for (const warning of exposedFiles(config)) log.warn({}, warning);
  log.info({ url: listener.url, demo: accountSource.demo, database: database.kind }, 'Listening');
  get(tokens.metering).start();
  get(tokens.audit).start();
  get(tokens.usageOutbox)?.start();
  get(tokens.connectionChecks).start();
  get(tokens.housekeeping).start();

  async function close(): Promise<void> {
    get(tokens.health).drain();
    // Checks that are running end with the host.
    void get(tokens.connectionChecks).stop();
    // The next start sends the interrupted events again, with the same ids.
    const unsent = get(tokens.usageOutbox)?.drain();
    const listened = listener.close();
    await host.close(config.BUSBAR_DRAIN_MS * graceShare);
    // Traces close after the last call, because a span is made when its call ends.
    const traced = tracing?.close();
    await listened;
    await unsent;
    await get(tokens.housekeeping).stop();
    await get(tokens.metering).drain();
    await get(tokens.audit).drain();
    await traced;
    await accountSource.close();
    await redis?.close();
    await database.close();
  }
  let closing: Promise<void> | undefined;
  const webhooks = get(tokens.connectionRecords).flatMap(({ tenant, connector, name, hook }) =>
    hook === undefined ? [] : [{ url: new URL(`/hooks/${hook}`, listener.url).href, connection: `${tenant} / ${connector} / ${name}` }],
  );
  return { url: listener.url, webhooks, log, demo: accountSource.demo, newKey, close: () => (closing ??= close()) };
}

/** Creates an API key at the first start with a database, and at later starts only on request. */
async function createKey(services: { apiKeys: ApiKeys; audit: Audit }, another: boolean | undefined): Promise<string | undefined> {
  const { apiKeys } = services;
  const owner = { tenant: firstTenant, roles: ['owner', 'operator'] };
  const first = await apiKeys.createFirst({ ...owner, name: 'Made at the first start' });
  const created = first ?? (another ? await apiKeys.create({ ...owner, name: 'Made with --new-key' }) : undefined);
  if (created) await recordCreated(services, created);
  return created?.key;
}
