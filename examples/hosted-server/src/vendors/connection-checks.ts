import { ToolError, type Clock, type Connection, type Connections, type Connector, type Host, type Logger } from '@busbar/core';
import { createPeriodicTask, type PeriodicTask } from '../process/periodic-task.ts';

/** The result of the last round of checks on a connector's connections. */
export interface CheckReport {
  readonly connector: string;
  /** The number of connections checked. */
  readonly checked: number;
  readonly healthy: number;
  /** ISO date and time. */
  readonly at: string;
}

/** Checks connections in the background, so that reading a health page never causes a request to a vendor. */
export interface ConnectionChecks extends PeriodicTask {
  /** Returns the result of each connector's last round. Empty until the first round has ended. */
  report(): readonly CheckReport[];
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

// A round checks this many connections of a connector, and the next round continues after them, so many tenants cost no more than a few.
const maxPerRound = 50;
const maxParallel = 5;

/** Checks connections at startup and every `everyMs`. */
export function createConnectionChecks(options: ConnectionChecksOptions): ConnectionChecks {
  const { host, connections, clock, log, everyMs, onRound } = options;
  const connectors = options.connectors.filter((connector) => connector.check);
  const reports = new Map<string, CheckReport>();
  const positions = new Map<string, string | undefined>();

  async function isHealthy({ id, connector }: Connection, stopping: AbortSignal): Promise<boolean> {
    try {
      await host.check(id);
      return true;
    } catch (error) {
      if (!stopping.aborted)
        log.warn({ connector, connection: id, code: ToolError.is(error) ? error.code : 'INTERNAL' }, 'A connection failed its check');
      return false;
    }
  }

  async function checkRound(connector: string, stopping: AbortSignal): Promise<void> {
    const page = await connections.page(connector, { limit: maxPerRound, after: positions.get(connector) });
    positions.set(connector, page.next);
    const queue = page.connections.values();
    let healthy = 0;
    const checkOneByOne = async () => {
      for (const connection of queue) {
        if (stopping.aborted) return;
        if (await isHealthy(connection, stopping)) healthy += 1;
      }
    };
    await Promise.all(Array.from({ length: maxParallel }, checkOneByOne));
    if (stopping.aborted || page.connections.length === 0) return;
    const report = { connector, checked: page.connections.length, healthy, at: new Date(clock.now()).toISOString() };
    reports.set(connector, report);
    onRound(report);
  }

  const task = createPeriodicTask(clock, everyMs, async (stopping) => {
    for (const { id } of connectors) {
      if (stopping.aborted) return;
      await checkRound(id, stopping).catch((err: unknown) =>
        log.error({ connector: id, err }, 'The connections of a connector could not be checked'),
      );
    }
  });
  return { ...task, report: () => [...reports.values()] };
}
