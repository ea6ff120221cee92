// PLACEHOLDER (lead): the interface that create-host.ts wires. Helper 4: replace this file; use workContext of work-context.ts and clients.use.
import type { Clients } from './clients.ts';
import type { Clock } from './clock.ts';
import type { Connections } from './connections.ts';
import type { Connector } from './connector.ts';
import type { Logger } from './logger.ts';
import type { Metering } from './metering.ts';
import type { StateStore } from './state.ts';

export interface JobRunnerOptions {
  readonly connectors: readonly Connector[];
  readonly connections: Connections;
  readonly clients: Clients;
  readonly metering: Metering;
  readonly state: StateStore;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface JobRunner {
  start(): void;
  /** By connection id. */
  wake(connection: string, job: string, afterMs: number | undefined): Promise<void>;
  /** Runs due jobs once more within graceMs, then stops. */
  drain(graceMs: number): Promise<void>;
}

export function createJobRunner(_: JobRunnerOptions): JobRunner {
  return { start() {}, wake: async () => {}, drain: async () => {} };
}
