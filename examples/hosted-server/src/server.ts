import type { Logger } from '@busbar/core';
import type { ApiKeys } from '@busbar/postgres';
import { firstTenant } from './settings/account.ts';
import type { Config } from './settings/config.ts';
import { compose } from './container.ts';
import type { Injector } from './injector.ts';
import { tokens } from './tokens.ts';

/** A server that serves. */
export interface Server {
  /** Where MCP clients connect. */
  readonly url: string;
  /** Where vendors send their events: one for each connection that has what they are verified with. */
  readonly webhooks: readonly Webhook[];
  readonly log: Logger;
  readonly demo: boolean;
  /** The API key that was made at this start. Undefined where there was one already and no other was asked for. */
  readonly newKey: string | undefined;
  /**
   * Stops in this order: not ready any more; no usage event is sent; nothing new is accepted; running calls end, and those that do not in
   * four fifths of the drain time are ended and answered so; connectors close; the last traces are sent, for a tenth of the
   * drain time at most; the transport closes; what is not recorded yet is; the database closes. May be called twice.
   */
  close(): Promise<void>;
}

/** The webhook address of a connection. */
export interface Webhook {
  readonly url: string;
  /** Whose: `tenant / connector / name`. */
  readonly connection: string;
}

/** What is asked of one start. */
export interface StartOptions {
  /** Makes an API key for the first tenant, also where there are keys already. */
  readonly newKey?: boolean | undefined;
  /** Which worker this process is, where it is one of several. */
  readonly worker?: string | undefined;
  /** Has the last word on what the injector holds, before anything is made. For tests. */
  override?(injector: Injector): void;
}

// Of the drain time, what running calls get. The rest is for answering those that did not end in it, and for closing.
const graceShare = 0.8;

/** Starts the server. Where a step fails, what was started before it is stopped again. */
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
  const served = await get(tokens.openServed)();
  undo.defer(() => served.close());
  provide(tokens.served, () => served);

  const host = get(tokens.host);
  const log = get(tokens.log);
  const listener = await get(tokens.transport).listen(host);
  undo.defer(() => listener.close());
  // After everything that is likely to fail: a key that is made and never shown is lost.
  const newKey = await makeKey(get(tokens.apiKeys), options.newKey);
  undo.move();
  log.info({ url: listener.url, demo: served.demo, database: database.kind }, 'Listening');
  get(tokens.metering).start();
  get(tokens.audit).start();
  get(tokens.usageOutbox)?.start();
  get(tokens.checks).start();
  get(tokens.housekeeping).start();

  async function close(): Promise<void> {
    get(tokens.health).drain();
    get(tokens.checks).stop();
    // What it had in hand is sent again by the next start, under the same ids.
    const unsent = get(tokens.usageOutbox)?.drain();
    const listened = listener.close();
    await host.close(config.BUSBAR_DRAIN_MS * graceShare);
    // After the last call: its span is made when it ends.
    const traced = tracing?.close();
    await listened;
    await unsent;
    await get(tokens.housekeeping).stop();
    await get(tokens.metering).drain();
    await get(tokens.audit).drain();
    await traced;
    await served.close();
    await redis?.close();
    await database.close();
  }
  let closing: Promise<void> | undefined;
  const webhooks = get(tokens.records).flatMap(({ tenant, connector, name, hook }) =>
    hook === undefined ? [] : [{ url: new URL(`/hooks/${hook}`, listener.url).href, connection: `${tenant} / ${connector} / ${name}` }],
  );
  return { url: listener.url, webhooks, log, demo: served.demo, newKey, close: () => (closing ??= close()) };
}

/** The first start of a database makes a key; later ones only when asked to. */
async function makeKey(keys: ApiKeys, another: boolean | undefined): Promise<string | undefined> {
  const wanted = { tenant: firstTenant, roles: ['owner', 'operator'] };
  const first = await keys.createFirst({ ...wanted, name: 'Made at the first start' });
  const made = first ?? (another ? await keys.create({ ...wanted, name: 'Made with --new-key' }) : undefined);
  return made?.key;
}
