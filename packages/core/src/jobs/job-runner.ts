import type { Cache } from '../ports/cache.ts';
import type { Clients } from '../upstream/clients.ts';
import type { Clock } from '../clock.ts';
import type { Connections } from '../ports/connections.ts';
import type { Connector } from '../connector/connector.ts';
import { ToolError } from '../errors.ts';
import { createJobRecords, type RunEnd } from './job-records.ts';
import type { Logger } from '../logger.ts';
import type { Metering } from '../ports/metering.ts';
import { redactingLogger } from '../lib/redactor.ts';
import { runJob } from './run-job.ts';
import type { StateStore } from '../connector/state.ts';
import { untilAbort } from '../lib/until-abort.ts';

/** What a {@link JobRunner} works with. */
export interface JobRunnerOptions {
  readonly connectors: readonly Connector[];
  readonly connections: Connections;
  readonly clients: Pick<Clients, 'use'>;
  /** Is told what became of accepted calls. */
  readonly metering: Pick<Metering, 'report'>;
  /** Forgets what was kept of a connection that a job wrote through. */
  readonly cache: Pick<Cache, 'clear'>;
  readonly state: StateStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** The most runs at one time. Default 4. */
  readonly concurrency?: number;
  /** How long a run may take. Default one minute. */
  readonly timeoutMs?: number;
  /** How long a run is believed in without word from its replica. Default 30 seconds. */
  readonly leaseMs?: number;
  /** How often all connections are looked through for what others left: a replica that died, a connection that is new. Default one minute. */
  readonly scanEveryMs?: number;
}

/** Runs the connectors' jobs: when they are due, on one replica at a time, again when they fail, once more at the end. */
export interface JobRunner {
  /** Begins. Safe to call twice. */
  start(): void;
  /**
   * Has a job of a connection run after `afterMs` (default 0); the earliest wins. Once it resolves the wish is as durable as `state`.
   *
   * @throws {TypeError} for a job that no connector has.
   */
  wake(connection: string, job: string, afterMs?: number): Promise<void>;
  /** Runs what this process knows of once more, those that were woken first, then stops. Takes `graceMs` and a second at most. */
  drain(graceMs: number): Promise<void>;
}

interface Task {
  readonly connection: string;
  readonly job: string;
  readonly at: number;
  readonly woken: boolean;
}

// What is not remembered is found again by the next look through the connections.
const maxTasks = 10_000;
const pageSize = 100;

export function createJobRunner(options: JobRunnerOptions): JobRunner {
  const { connectors, connections, clients, metering, cache, state, clock, log } = options;
  const { concurrency = 4, timeoutMs = 60_000, leaseMs = 30_000, scanEveryMs = 60_000 } = options;
  const records = createJobRecords({ state, clock, leaseMs });
  const withJobs = connectors.filter(({ jobs = [] }) => jobs.length > 0);
  const names = new Set(withJobs.flatMap(({ jobs = [] }) => jobs.map(({ name }) => name)));
  const tasks = new Map<string, Task>();
  const running = new Map<string, Promise<void>>();
  const stop = new AbortController();
  let phase: 'new' | 'started' | 'draining' = 'new';
  let nudge = new AbortController();
  let scanning: Promise<void> | undefined;
  let nextScanAt = 0;
  let sleepingUntil = 0;
  let draining: Promise<void> | undefined;

  function remember(connection: string, job: string, at: number | undefined, woken: boolean): void {
    const key = JSON.stringify([connection, job]);
    const known = tasks.get(key);
    if (at === undefined || (!known && tasks.size >= maxTasks)) return;
    tasks.set(key, { connection, job, at: Math.min(at, known?.at ?? at), woken: woken || known?.woken === true });
    if (at < sleepingUntil) nudge.abort();
  }

  async function loop(): Promise<void> {
    while (phase === 'started') {
      nudge = new AbortController();
      if (clock.now() >= nextScanAt && !scanning) {
        nextScanAt = clock.now() + scanEveryMs;
        scanning = scan().finally(() => {
          scanning = undefined;
        });
      }
      sleepingUntil = Math.min(startDue(), nextScanAt);
      await clock.sleep(sleepingUntil - clock.now(), nudge.signal).catch(() => {});
    }
  }

  /** Starts what is due, the longest due first, while there is room. Gives when the next is due; the end of a run nudges anyway. */
  function startDue(): number {
    while (running.size < concurrency) {
      let key: string | undefined;
      let next: Task | undefined;
      for (const [id, task] of tasks) if (!running.has(id) && (!next || task.at < next.at)) [key, next] = [id, task];
      if (key === undefined || !next) break;
      if (next.at > clock.now()) return next.at;
      begin(key, next, false);
    }
    return Infinity;
  }

  function begin(key: string, task: Task, early: boolean): void {
    tasks.delete(key);
    const run = runTask(task, early)
      .catch((err: unknown) => log.error({ connection: task.connection, job: task.job, err: String(err) }, 'a job could not be run'))
      .finally(() => {
        running.delete(key);
        nudge.abort();
      });
    running.set(key, run);
  }

  /** Looks through all connections for jobs that wait: at the start those of a process that died, later those of other replicas. */
  async function scan(): Promise<void> {
    try {
      for (const connector of withJobs) {
        let after: string | undefined;
        do {
          const page = await connections.page(connector.id, { limit: pageSize, after });
          for (const { id } of page.connections) {
            for (const job of connector.jobs ?? []) {
              if (phase !== 'started') return;
              remember(id, job.name, await records.look(id, job), false);
            }
          }
          after = page.next;
        } while (after !== undefined);
      }
    } catch (err) {
      log.warn({ err: String(err) }, 'the connections could not be looked through for jobs');
    }
  }

  async function runTask({ connection: id, job: name }: Task, early: boolean): Promise<void> {
    const connection = await connections.get(id);
    const connector = withJobs.find((one) => one.id === connection?.connector);
    const job = connector?.jobs?.find((one) => one.name === name);
    if (!connection || !connector || !job) return await records.forget(id, name);
    const owner = crypto.randomUUID();
    if (!(await records.claim(id, name, owner, early))) return remember(id, name, await records.look(id, job), false);

    const ids = { connector: connector.id, connection: id, job: name };
    let runLog = log;
    const over = new AbortController();
    const lost = new AbortController();
    const lease = keepLease(id, name, owner, lost, over.signal);
    let end: RunEnd = 'done';
    try {
      await clients.use(connection, async (open) => {
        runLog = redactingLogger(log, open.redactor, ids);
        await runJob({ open, job, clock, log: runLog, metering, cache, timeoutMs, signal: AbortSignal.any([stop.signal, lost.signal]) });
      });
    } catch (err) {
      end = stop.signal.aborted ? 'stopped' : 'failed';
      const level = ToolError.is(err) ? 'warn' : 'error';
      runLog[level]({ ...ids, err }, end === 'failed' ? 'a job failed and will run again' : 'a job was stopped');
    }
    over.abort();
    await lease;
    remember(id, name, await records.finish(id, job, owner, end), false);
  }

  async function keepLease(id: string, name: string, owner: string, lost: AbortController, over: AbortSignal): Promise<void> {
    let until = clock.now() + leaseMs;
    for (;;) {
      try {
        await clock.sleep(leaseMs / 3, over);
      } catch {
        return;
      }
      try {
        const renewedAt = clock.now();
        if (!(await records.renew(id, name, owner))) until = 0;
        else until = renewedAt + leaseMs;
      } catch (err) {
        log.warn({ connection: id, job: name, err: String(err) }, 'a job’s lease could not be renewed');
      }
      if (clock.now() >= until) return lost.abort(new ToolError('UNAVAILABLE', 'Another replica may have begun this job.'));
    }
  }

  async function drainWithin(graceMs: number): Promise<void> {
    const wasStarted = phase === 'started';
    phase = 'draining';
    nudge.abort();
    const over = new AbortController();
    const timer = clock.sleep(graceMs, over.signal).then(
      () => stop.abort(new ToolError('UNAVAILABLE', 'The server is shutting down.')),
      () => {},
    );
    await untilAbort(scanning ?? Promise.resolve(), stop.signal).catch(() => {});
    const last = wasStarted ? [...tasks].sort(([, a], [, b]) => Number(b.woken) - Number(a.woken) || a.at - b.at) : [];
    while (running.size > 0 || (last.length > 0 && !stop.signal.aborted)) {
      while (running.size < concurrency && !stop.signal.aborted) {
        const [key, task] = last.shift() ?? [];
        if (key === undefined || task === undefined) break;
        if (!running.has(key)) begin(key, task, true);
      }
      await Promise.race(running.values());
    }
    over.abort();
    await timer;
  }

  return {
    start() {
      if (phase !== 'new' || withJobs.length === 0) return;
      phase = 'started';
      void loop();
    },
    async wake(connection, job, afterMs = 0) {
      if (!names.has(job)) throw new TypeError(`No connector has a job named “${job}”.`);
      remember(connection, job, await records.wake(connection, job, clock.now() + Math.max(0, afterMs)), true);
    },
    drain: (graceMs) => (draining ??= drainWithin(graceMs)),
  };
}
