import type { Clock } from '../clock.ts';
import type { Connection } from '../ports/connections.ts';
import type { Connector } from '../connector/connector.ts';
import { ToolError } from '../errors.ts';
import type { Http } from '../connector/http.ts';
import type { Logger } from '../logger.ts';
import type { Observer } from '../ports/observer.ts';
import { createRedactor, redactingLogger, type Redactor } from '../lib/redactor.ts';
import type { Resilience } from '../ports/resilience.ts';
import { secretValues } from '../connector/secret.ts';
import type { HttpClient } from '../ports/http-client.ts';
import type { StateStore } from '../connector/state.ts';
import { createHttp } from './create-http.ts';
import { createOrigins } from './origins.ts';
import { createTokenSource } from './create-token-source.ts';
import { withMethods } from './with-methods.ts';

/** A connection whose client is open. */
export interface OpenConnection {
  readonly connection: Connection;
  readonly connector: Connector;
  /** The parsed settings. */
  readonly config: Record<string, unknown>;
  readonly client: unknown;
  readonly redactor: Redactor;
}

/** A use of an open connection. */
export interface ClientLease {
  readonly open: OpenConnection;
}

/** The open clients: one for each connection and version of its settings, shared by its calls. */
export interface Clients {
  /** Opens the connection if need be, and keeps it open until its {@link release}. @throws {ToolError} CONNECTION_INVALID. */
  take(connection: Connection): ClientLease;
  /** Ends what {@link take} began. To be called once for each. */
  release(lease: ClientLease): void;
  /** Takes a connection while `work` runs. @throws {ToolError} CONNECTION_INVALID. */
  use<R>(connection: Connection, work: (open: OpenConnection) => Promise<R>): Promise<R>;
  /** Closes every client, once nothing uses it any more. */
  close(): Promise<void>;
}

export interface ClientsOptions {
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly httpClient: HttpClient | undefined;
  readonly resilience: Resilience | undefined;
  readonly state: StateStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: Observer;
  readonly remapOrigins: Readonly<Record<string, string>>;
  wake(connection: string, job: string, afterMs: number | undefined): Promise<void>;
}

interface HeldClient extends ClientLease {
  users: number;
  /** When it was last taken, counted in takings. */
  usedAt: number;
  /** Replaced or forgotten: close it when its last user is done. */
  retired: boolean;
}

/** Clients that nobody uses are kept up to this many, the latest used. */
const maxIdle = 1_000;

export function createClients(options: ClientsOptions): Clients {
  const held = new Map<string, HeldClient>();
  const closing = new Set<Promise<void>>();
  let takeCount = 0;

  function closeClient({ open }: HeldClient): void {
    const { connector, client, connection } = open;
    const done = Promise.resolve(connector.close?.(client))
      .catch((err: unknown) =>
        options.log.error(
          { connection: connection.id, connector: connector.id, err: open.redactor.value(err) },
          'a client failed to close',
        ),
      )
      .finally(() => closing.delete(done));
    closing.add(done);
  }

  function retire(key: string, entry: HeldClient): void {
    held.delete(key);
    entry.retired = true;
    if (entry.users === 0) closeClient(entry);
  }

  function hold(connection: Connection): HeldClient {
    const known = held.get(connection.id);
    if (known && known.open.connection.version === connection.version) return known;
    const entry: HeldClient = { open: openConnection(connection, options), users: 0, usedAt: 0, retired: false };
    if (known) retire(connection.id, known);
    held.set(connection.id, entry);
    if (held.size > maxIdle) retireLeastUsed(entry);
    return entry;
  }

  function retireLeastUsed(except: HeldClient): void {
    let least: [string, HeldClient] | undefined;
    for (const [key, entry] of held)
      if (entry.users === 0 && entry !== except && (!least || entry.usedAt < least[1].usedAt)) least = [key, entry];
    if (least) retire(...least);
  }

  function take(connection: Connection): HeldClient {
    const entry = hold(connection);
    entry.users += 1;
    entry.usedAt = takeCount += 1;
    return entry;
  }

  function release(lease: ClientLease): void {
    // Nobody else makes leases that come here.
    const entry = lease as HeldClient;
    entry.users -= 1;
    if (entry.retired && entry.users === 0) closeClient(entry);
  }

  return {
    take,
    release,
    async use(connection, work) {
      const entry = take(connection);
      try {
        return await work(entry.open);
      } finally {
        release(entry);
      }
    },
    async close() {
      for (const [key, entry] of held) retire(key, entry);
      await Promise.all(closing);
    },
  };
}

function openConnection(connection: Connection, options: ClientsOptions): OpenConnection {
  const connector = options.connectors.get(connection.connector);
  if (!connector)
    throw new TypeError(`connection ${connection.id} belongs to the connector "${connection.connector}", which this host does not have`);
  const parsed = connector.config.safeParse(connection.config);
  if (!parsed.success) {
    // The messages of refinements are the connector's own words; values are not in them.
    const problems = parsed.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`);
    throw new ToolError(
      'CONNECTION_INVALID',
      `The settings of the connection "${connection.name}" of ${connector.id} are not valid. Someone must correct them: ${problems.join('; ')}.`,
    );
  }
  const config = parsed.data;
  const redactor = createRedactor(secretValues(connector.config, config));
  const state = options.state.open(connection.id);
  const services = {
    config,
    http: connectionHttp(connector, connection, config, redactor, options),
    state,
    clock: options.clock,
    wake: (job: string, afterMs?: number) => options.wake(connection.id, job, afterMs),
  };
  return { connection, connector, config, client: connector.open(services) as unknown, redactor };
}

function connectionHttp(
  connector: Connector,
  connection: Connection,
  config: Record<string, unknown>,
  redactor: Redactor,
  options: ClientsOptions,
): Http {
  const { httpClient, resilience, clock, observer } = options;
  if (!connector.origins || !httpClient || !resilience) return closedHttp(connector.id);
  const origins = createOrigins(connector.origins(config));
  const remap = (origin: string): URL | undefined => {
    const to = options.remapOrigins[origin];
    return to === undefined ? undefined : new URL(to);
  };
  const tokens = createTokenSource(connector.authorization?.(config), {
    connector: connector.id,
    connection: connection.id,
    origins,
    remap,
    httpClient,
    resilience,
    clock,
    version: connection.version,
    log: redactingLogger(options.log, redactor, { connector: connector.id, connection: connection.id }),
    state: options.state.open(`${connection.id}#core`),
    onSecret: (secret) => redactor.add(secret),
  });
  return createHttp({ connector, connection: connection.id, origins, tokens, remap, httpClient, resilience, clock, observer });
}

function closedHttp(connector: string): Http {
  const refuse = (): never => {
    throw new TypeError(`${connector} declares no origins, so it has no way out`);
  };
  return withMethods({ request: refuse, rows: refuse });
}
