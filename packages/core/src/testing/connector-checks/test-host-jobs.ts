import { systemClock } from '../../clock.ts';
import type { Connector, Job } from '../../connector/connector.ts';
import type { StateStore } from '../../connector/state.ts';
import type { HostOptions } from '../../host.ts';
import { runJob } from '../../jobs/run-job.ts';
import type { Logger } from '../../logger.ts';
import type { Connection } from '../../ports/connections.ts';
import { observers } from '../../ports/observer.ts';
import { createClients } from '../../upstream/clients.ts';

/** The time limit of a run. */
const timeoutMs = 5_000;

/** Runs the jobs of a connection alongside its host, with the same state. They run when a check asks for them, not when they are due. */
export function testHostJobs(options: {
  readonly connector: Connector;
  readonly connection: Connection | undefined;
  readonly state: StateStore;
  readonly log: Logger;
  readonly wire: Required<Pick<HostOptions, 'httpClient' | 'resilience' | 'remapOrigins'>> | undefined;
}): { run(job: Job<unknown>, signal?: AbortSignal): Promise<void>; close(): Promise<void> } {
  const { connector, connection, state, log, wire } = options;
  const clock = systemClock;
  const clients = createClients({
    connectors: new Map([[connector.id, connector]]),
    httpClient: wire?.httpClient,
    resilience: wire?.resilience,
    remapOrigins: wire?.remapOrigins ?? {},
    state,
    clock,
    log,
    observer: observers([]),
    wake: async () => {},
  });
  const metering = { report: async () => {} };
  const cache = { clear: async () => {} };
  return {
    async run(job, signal = new AbortController().signal) {
      if (connection) await clients.use(connection, (open) => runJob({ open, job, clock, log, metering, cache, timeoutMs, signal }));
    },
    close: () => clients.close(),
  };
}
