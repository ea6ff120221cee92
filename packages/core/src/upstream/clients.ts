import type { Clock } from '../clock.ts';
import type { Connector } from '../connector/connector.ts';
import type { Http } from '../connector/http.ts';
import { secretValues } from '../connector/secret.ts';
import type { StateStore } from '../connector/state.ts';
import { ToolError } from '../errors.ts';
import { createRedactor, redactingLogger, type Redactor } from '../lib/redactor.ts';
import type { Logger } from '../logger.ts';
import type { Connection } from '../ports/connections.ts';
import type { HttpClient } from '../ports/http-client.ts';
import type { Observer } from '../ports/observer.ts';
import type { Resilience } from '../ports/resilience.ts';
import { createHttp } from './create-http.ts';
import type { HttpOptions } from './http-options.ts';
import { LargeAnswers } from './large-answers.ts';
import { createTokenSource } from './create-token-source.ts';
import { createOrigins } from './origins.ts';
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

/** One use of an open connection. */
export interface ClientLease {
  readonly open: OpenConnection;
}

/** The open clients. Each version of a connection's settings has one client, which all its calls share. */
export interface Clients {
  /** Opens the connection if necessary, and keeps it open until {@link release}. @throws {ToolError} CONNECTION_INVALID. */
  take(connection: Connection): ClientLease;
  /** Ends one use of a connection. Call it once for each {@link take}. */
  release(lease: ClientLease): void;
  /** Uses a connection while `work` runs. @throws {ToolError} CONNECTION_INVALID. */
  use<R>(connection: Connection, work: (open: OpenConnection) => Promise<R>): Promise<R>;
  /** Closes every client as soon as no call or job uses it. */
  close(): Promise<void>;
}

/** Options for {@link createClients}. */
export interface ClientsOptions {
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly httpClient: HttpClient | undefined;
  readonly resilience: Resilience | undefined;
  readonly state: StateStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: Observer;
  readonly remapOrigins: Readonly<Record<string, string>>;
  /** Text that is a secret of every connection. */
  readonly secretPattern?: RegExp | undefined;
  wake(connection: string, job: string, afterMs: number | undefined): Promise<void>;
}

interface HeldClient extends ClientLease {
  users: number;
  /** The sequence number of its last {@link Clients.take}. */
  usedAt: number;
  /** Whether it was replaced or evicted. The end of its last use closes it. */
  retired: boolean;
}

/** The most clients to keep open. Beyond this number, the pool closes the least recently used client that is not in use. */
const maxClients = 1_000;

export function createClients(options: ClientsOptions): Clients {
  return new ClientPool(options);
}

class ClientPool implements Clients {
  readonly #options: ClientsOptions;
  readonly #largeAnswers = new LargeAnswers();
  readonly #held = new Map<string, HeldClient>();
  readonly #closing = new Set<Promise<void>>();
  #takeCount = 0;

  constructor(options: ClientsOptions) {
    this.#options = options;
  }

  take(connection: Connection): HeldClient {
    const entry = this.#hold(connection);
    entry.users += 1;
    entry.usedAt = this.#takeCount += 1;
    return entry;
  }

  release(lease: ClientLease): void {
    // Every lease comes from #hold.
    const entry = lease as HeldClient;
    entry.users -= 1;
    if (entry.retired && entry.users === 0) this.#closeClient(entry);
  }

  async use<R>(connection: Connection, work: (open: OpenConnection) => Promise<R>): Promise<R> {
    const entry = this.take(connection);
    try {
      return await work(entry.open);
    } finally {
      this.release(entry);
    }
  }

  async close(): Promise<void> {
    for (const [id, entry] of this.#held) this.#retire(id, entry);
    await Promise.all(this.#closing);
  }

  #hold(connection: Connection): HeldClient {
    const known = this.#held.get(connection.id);
    if (known && known.open.connection.version === connection.version) return known;
    const entry: HeldClient = {
      open: openConnection(connection, { ...this.#options, largeAnswers: this.#largeAnswers }),
      users: 0,
      usedAt: 0,
      retired: false,
    };
    if (known) this.#retire(connection.id, known);
    this.#held.set(connection.id, entry);
    if (this.#held.size > maxClients) this.#retireLeastUsed(entry);
    return entry;
  }

  #retireLeastUsed(except: HeldClient): void {
    let least: [string, HeldClient] | undefined;
    for (const [id, entry] of this.#held)
      if (entry.users === 0 && entry !== except && (!least || entry.usedAt < least[1].usedAt)) least = [id, entry];
    if (least) this.#retire(...least);
  }

  #retire(id: string, entry: HeldClient): void {
    this.#held.delete(id);
    entry.retired = true;
    if (entry.users === 0) this.#closeClient(entry);
  }

  #closeClient({ open }: HeldClient): void {
    const { connector, client, connection, redactor } = open;
    const closed = Promise.resolve(connector.close?.(client))
      .catch((err: unknown) =>
        this.#options.log.error(
          { connection: connection.id, connector: connector.id, err: redactor.value(err) },
          'a client failed to close',
        ),
      )
      .finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }
}

type OpenOptions = ClientsOptions & Pick<HttpOptions, 'largeAnswers'>;

function openConnection(connection: Connection, options: OpenOptions): OpenConnection {
  const connector = options.connectors.get(connection.connector);
  if (!connector)
    throw new TypeError(`connection ${connection.id} belongs to the connector "${connection.connector}", which this host does not have`);
  const parsed = connector.config.safeParse(connection.config);
  if (!parsed.success) {
    // The message of a refinement is the connector's own text and contains no value from the settings.
    const problems = parsed.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`);
    throw new ToolError(
      'CONNECTION_INVALID',
      `The settings of the connection "${connection.name}" of ${connector.id} are not valid. Someone must correct them: ${problems.join('; ')}.`,
    );
  }
  const config = parsed.data;
  const redactor = createRedactor(secretValues(connector.config, config), options.secretPattern);
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
  options: OpenOptions,
): Http {
  const { httpClient, largeAnswers, resilience, clock, observer } = options;
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
  return createHttp({
    connector,
    connection: connection.id,
    tenant: connection.tenant,
    origins,
    tokens,
    remap,
    httpClient,
    largeAnswers,
    resilience,
    clock,
    observer,
  });
}

function closedHttp(connector: string): Http {
  const refuse = (): never => {
    throw new TypeError(`${connector} declares no origins, so it cannot send requests`);
  };
  return withMethods({ request: refuse, rows: refuse });
}
