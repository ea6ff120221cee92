import { ToolError, type Clock, type Connection, type Connections, type Connector, type Host, type Logger } from '@busbar/core';

/** How the last checks of a connector's connections went. */
export interface CheckReport {
  readonly connector: string;
  /** How many connections were looked at. */
  readonly checked: number;
  readonly healthy: number;
  /** ISO date. */
  readonly at: string;
}

/** Checks of the connections in the background, so that nobody's look at a health page reaches a vendor. */
export interface ConnectionChecks {
  /** The last round of each connector; none before the first has ended. */
  report(): readonly CheckReport[];
  start(): void;
  /** Begins no further check. What runs ends with the host. */
  stop(): void;
}

export interface ConnectionChecksOptions {
  readonly host: Host;
  readonly connectors: readonly Connector[];
  readonly connections: Connections;
  readonly clock: Clock;
  readonly log: Logger;
  readonly everyMs: number;
  onRound(report: CheckReport): void;
}

// A round looks at so many connections of a connector, and the next goes on from there: many tenants cost no more than a few.
const perRound = 50;
const atOnce = 5;

/** Checks the connections every `everyMs`, the first time at once. */
export function createConnectionChecks({
  host,
  connections,
  clock,
  log,
  everyMs,
  onRound,
  ...options
}: ConnectionChecksOptions): ConnectionChecks {
  const connectors = options.connectors.filter((connector) => connector.check);
  const reports = new Map<string, CheckReport>();
  const positions = new Map<string, string | undefined>();
  const stopping = new AbortController();

  async function isHealthy({ id, connector }: Connection): Promise<boolean> {
    try {
      await host.check(id);
      return true;
    } catch (error) {
      if (!stopping.signal.aborted)
        log.warn({ connector, connection: id, code: ToolError.is(error) ? error.code : 'INTERNAL' }, 'A connection did not pass its check');
      return false;
    }
  }

  async function round(connector: string): Promise<void> {
    const page = await connections.page(connector, { limit: perRound, after: positions.get(connector) });
    positions.set(connector, page.next);
    const waiting = page.connections.values();
    let healthy = 0;
    const checkOneByOne = async () => {
      for (const connection of waiting) {
        if (stopping.signal.aborted) return;
        if (await isHealthy(connection)) healthy += 1;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, checkOneByOne));
    if (stopping.signal.aborted || page.connections.length === 0) return;
    const report = { connector, checked: page.connections.length, healthy, at: new Date(clock.now()).toISOString() };
    reports.set(connector, report);
    onRound(report);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      for (const { id } of connectors) {
        await round(id).catch((err: unknown) => log.error({ connector: id, err }, 'The connections of a connector could not be checked'));
      }
      await clock.sleep(everyMs, stopping.signal).catch(() => {});
    }
  }

  return {
    report: () => [...reports.values()],
    start: () => void run(),
    stop: () => stopping.abort(),
  };
}
