import { z } from 'zod';
import type { Clients } from '../../src/upstream/clients.ts';
import {
  defineConnector,
  memoryCache,
  memoryConnections,
  memoryState,
  type Connections,
  type Connector,
  type DeliveryReport,
  type Job,
  type JobContext,
  type Logger,
  type StateStore,
} from '../../src/index.ts';
import { JobRunner, type JobRunnerOptions } from '../../src/jobs/job-runner.ts';
import { createRedactor } from '../../src/lib/redactor.ts';
import { manualClock, type ManualClock } from '../../src/testing/index.ts';

/** One run of a job, held open until the test ends it. */
export interface Run {
  readonly replica: string;
  readonly connection: string;
  readonly job: string;
  readonly at: number;
  readonly context: JobContext;
  end(error?: unknown): void;
}

export interface Replicas {
  readonly clock: ManualClock;
  readonly state: StateStore;
  readonly runs: Run[];
  readonly reports: DeliveryReport[];
  readonly lines: { readonly level: string; readonly message: string; readonly fields: Record<string, unknown> }[];
  /** Creates another replica on the same state. */
  replica(name: string, options?: Partial<JobRunnerOptions>): JobRunner;
  /** Returns the runs so far, as `replica connection job @seconds`. */
  history(): string[];
}

/** Creates replicas that share connections, state and clock. Jobs end at once unless `hold` is set. */
export function startReplicas({
  jobs = [{ name: 'flush' }],
  connections = ['conn-1'],
  hold = false,
  state = memoryState(),
  store,
}: {
  jobs?: readonly Omit<Job<unknown>, 'run'>[];
  connections?: readonly string[];
  hold?: boolean;
  state?: StateStore;
  store?: Connections;
} = {}): Replicas {
  const clock = manualClock(0);
  const runs: Run[] = [];
  const reports: DeliveryReport[] = [];
  const lines: Replicas['lines'] = [];
  const at =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push({ level, message, fields: fields as Record<string, unknown> });
  const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const all = store ?? memoryConnections(connections.map((id) => ({ connector: 'acme', id, name: id, config: {} })));

  return {
    clock,
    state,
    runs,
    reports,
    lines,
    replica(replica, options = {}) {
      const connector: Connector = defineConnector({
        spec: 'v1',
        id: 'acme',
        config: z.object({}),
        open: () => ({}),
        jobs: jobs.map((job) => ({
          ...job,
          run: async (_, context) => {
            const { promise, resolve, reject } = Promise.withResolvers<void>();
            const end = (error?: unknown): void => (error === undefined ? resolve() : reject(error));
            runs.push({ replica, connection: context.connection, job: job.name, at: clock.now(), context, end });
            if (!hold) resolve();
            await promise;
          },
        })),
        tools: () => [],
      });
      const clients: Pick<Clients, 'use'> = {
        use: async (connection, work) =>
          await work({ connection, connector, config: {}, client: {}, redactor: createRedactor(['canary-secret']) }),
      };
      const metering = { report: async (report: DeliveryReport) => void reports.push(report) };
      return new JobRunner({
        connectors: [connector],
        connections: all,
        clients,
        metering,
        cache: memoryCache(),
        state,
        clock,
        log,
        ...options,
      });
    },
    history: () => runs.map(({ replica, connection, job, at: ms }) => `${replica} ${connection} ${job} @${ms / 1_000}`),
  };
}
