import type { Clock } from '../clock.ts';
import type { Connector, Job } from '../connector/connector.ts';
import type { StateStore } from '../connector/state.ts';
import { ToolError } from '../errors.ts';
import { redactingLogger } from '../lib/redactor.ts';
import { untilAbort } from '../lib/until-abort.ts';
import type { Logger } from '../logger.ts';
import type { Cache } from '../ports/cache.ts';
import type { Connection, Connections } from '../ports/connections.ts';
import type { Metering } from '../ports/metering.ts';
import type { Clients } from '../upstream/clients.ts';
import { JobRecords, type RunOutcome } from './job-records.ts';
import { runJob } from './run-job.ts';

/** Options for {@link JobRunner}. */
export interface JobRunnerOptions {
  readonly connectors: readonly Connector[];
  readonly connections: Connections;
  readonly clients: Pick<Clients, 'use'>;
  /** Receives the outcomes of accepted calls. */
  readonly metering: Pick<Metering, 'report'>;
  /** The runner clears the cached answers of each connection through which a job wrote. */
  readonly cache: Pick<Cache, 'clear'>;
  readonly state: StateStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** The most jobs that run at the same time. Default 4. */
  readonly concurrency?: number;
  /** How long a run may take. Default one minute. */
  readonly timeoutMs?: number;
  /** How long a job counts as running if its replica does not renew the lease. Default 30 seconds. */
  readonly leaseMs?: number;
  /** How often the runner scans all connections, to find the jobs of dead replicas and of new connections. Default one minute. */
  readonly scanEveryMs?: number;
}

interface Task {
  readonly connection: string;
  readonly job: string;
  readonly at: number;
  readonly woken: boolean;
}

interface ClaimedJob {
  readonly connection: Connection;
  readonly connector: Connector;
  readonly job: Job<unknown>;
  readonly owner: string;
}

// The runner drops further tasks. The next scan finds them again.
const maxTasks = 10_000;
const pageSize = 100;

/**
 * Runs the connectors' jobs when they are due, each on one replica at a time. Runs a job again after a failure, and once more during the
 * drain.
 */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #concurrency: number;
  readonly #timeoutMs: number;
  readonly #leaseMs: number;
  readonly #scanEveryMs: number;
  readonly #connectors: readonly Connector[];
  readonly #records: JobRecords;
  readonly #tasks = new Map<string, Task>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  #phase: 'new' | 'started' | 'draining' = 'new';
  #endSleep = (): void => {};
  #sleepingUntil = 0;
  #scanning: Promise<void> | undefined;
  #nextScanAt = -Infinity;
  #draining: Promise<void> | undefined;

  constructor(options: JobRunnerOptions) {
    const { connectors, state, clock, concurrency = 4, timeoutMs = 60_000, leaseMs = 30_000, scanEveryMs = 60_000 } = options;
    this.#options = options;
    this.#concurrency = concurrency;
    this.#timeoutMs = timeoutMs;
    this.#leaseMs = leaseMs;
    this.#scanEveryMs = scanEveryMs;
    this.#connectors = connectors.filter(({ jobs = [] }) => jobs.length > 0);
    this.#records = new JobRecords({ state, clock, leaseMs });
  }

  /** Starts the runner. Safe to call twice. */
  start(): void {
    if (this.#phase !== 'new' || this.#connectors.length === 0) return;
    this.#phase = 'started';
    void this.#loop();
  }

  /**
   * Schedules a connection's job to run after `afterMs` (default 0), unless it is already due earlier. When the promise resolves, the wake
   * is as durable as `state`.
   *
   * @throws {TypeError} for a job that no connector has.
   */
  async wake(connection: string, job: string, afterMs = 0): Promise<void> {
    if (!this.#connectors.some(({ jobs = [] }) => jobs.some(({ name }) => name === job)))
      throw new TypeError(`No connector has a job named “${job}”.`);
    const at = this.#options.clock.now() + Math.max(0, afterMs);
    this.#remember(connection, job, await this.#records.wake(connection, job, at), true);
  }

  /** Runs all tasks known to this process once more, woken tasks first, then stops. Takes at most `graceMs` plus one second. */
  drain(graceMs: number): Promise<void> {
    return (this.#draining ??= this.#drainWithin(graceMs));
  }

  async #loop(): Promise<void> {
    const { clock } = this.#options;
    while (this.#phase === 'started') {
      const { promise: slept, resolve } = Promise.withResolvers<void>();
      this.#endSleep = resolve;
      if (clock.elapsed() >= this.#nextScanAt && !this.#scanning) {
        this.#nextScanAt = clock.elapsed() + this.#scanEveryMs;
        this.#scanning = this.#scan().finally(() => {
          this.#scanning = undefined;
        });
      }
      const dueAt = this.#startDue();
      const now = clock.now();
      this.#sleepingUntil = Math.min(dueAt, now + this.#nextScanAt - clock.elapsed());
      const cancelTimer = clock.timer(this.#sleepingUntil - now, resolve);
      await slept;
      cancelTimer();
    }
  }

  #remember(connection: string, job: string, at: number | undefined, woken: boolean): void {
    const key = JSON.stringify([connection, job]);
    const known = this.#tasks.get(key);
    if (at === undefined || (!known && this.#tasks.size >= maxTasks)) return;
    this.#tasks.set(key, { connection, job, at: Math.min(at, known?.at ?? at), woken: woken || known?.woken === true });
    if (at < this.#sleepingUntil) this.#endSleep();
  }

  /**
   * Starts due tasks, the longest overdue first, up to `concurrency`. Returns when the next task is due, or Infinity at the limit, because
   * the end of a run ends the sleep anyway.
   */
  #startDue(): number {
    while (this.#running.size < this.#concurrency) {
      let key: string | undefined;
      let next: Task | undefined;
      for (const [id, task] of this.#tasks) if (!this.#running.has(id) && (!next || task.at < next.at)) [key, next] = [id, task];
      if (key === undefined || !next) break;
      if (next.at > this.#options.clock.now()) return next.at;
      this.#begin(key, next, false);
    }
    return Infinity;
  }

  #begin(key: string, task: Task, early: boolean): void {
    const { connection, job } = task;
    this.#tasks.delete(key);
    const run = this.#runTask(task, early)
      .catch((err: unknown) => this.#options.log.error({ connection, job, err: String(err) }, 'a job could not be run'))
      .finally(() => {
        this.#running.delete(key);
        this.#endSleep();
      });
    this.#running.set(key, run);
  }

  /** Scans all connections for waiting jobs. At the start it finds the jobs of a dead process, later the jobs of other replicas. */
  async #scan(): Promise<void> {
    const { connections, log } = this.#options;
    try {
      for (const connector of this.#connectors) {
        let after: string | undefined;
        do {
          const page = await connections.page(connector.id, { limit: pageSize, after });
          for (const { id } of page.connections) {
            for (const job of connector.jobs ?? []) {
              if (this.#phase !== 'started') return;
              this.#remember(id, job.name, await this.#records.nextRunAt(id, job), false);
            }
          }
          after = page.next;
        } while (after !== undefined);
      }
    } catch (err) {
      log.warn({ err: String(err) }, 'the connections could not be scanned for jobs');
    }
  }

  async #runTask({ connection: id, job: name }: Task, early: boolean): Promise<void> {
    const connection = await this.#options.connections.get(id);
    const connector = this.#connectors.find((candidate) => candidate.id === connection?.connector);
    const job = connector?.jobs?.find((candidate) => candidate.name === name);
    if (!connection || !connector || !job) return await this.#records.forget(id, name);
    const owner = crypto.randomUUID();
    if (!(await this.#records.claim(id, name, owner, early)))
      return this.#remember(id, name, await this.#records.nextRunAt(id, job), false);
    const outcome = await this.#runClaimed({ connection, connector, job, owner });
    this.#remember(id, name, await this.#records.finish(id, job, owner, outcome), false);
  }

  /** Runs the job while its replica keeps the lease. Logs a failure instead of throwing it. */
  async #runClaimed({ connection, connector, job, owner }: ClaimedJob): Promise<RunOutcome> {
    const { clients, clock, log, metering, cache } = this.#options;
    const ids = { connector: connector.id, connection: connection.id, job: job.name };
    const ended = new AbortController();
    const lost = new AbortController();
    const lease = this.#keepLease(connection.id, job.name, owner, lost, ended.signal);
    const signal = AbortSignal.any([this.#stop.signal, lost.signal]);
    let outcome: RunOutcome = 'done';
    let runLog = log;
    try {
      await clients.use(connection, async (open) => {
        runLog = redactingLogger(log, open.redactor, ids);
        await runJob({ open, job, clock, log: runLog, metering, cache, timeoutMs: this.#timeoutMs, signal });
      });
    } catch (err) {
      outcome = this.#stop.signal.aborted ? 'stopped' : 'failed';
      const level = ToolError.is(err) ? 'warn' : 'error';
      runLog[level]({ ...ids, err }, outcome === 'failed' ? 'a job failed and will run again' : 'a job was stopped');
    }
    ended.abort();
    await lease;
    return outcome;
  }

  /** Renews the lease until `ended` aborts. Aborts `lost` if another replica may hold the lease by now. */
  async #keepLease(id: string, name: string, owner: string, lost: AbortController, ended: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let until = clock.elapsed() + this.#leaseMs;
    for (;;) {
      try {
        await clock.sleep(this.#leaseMs / 3, ended);
      } catch {
        return;
      }
      try {
        const renewedAt = clock.elapsed();
        until = (await this.#records.renew(id, name, owner)) ? renewedAt + this.#leaseMs : -Infinity;
      } catch (err) {
        log.warn({ connection: id, job: name, err: String(err) }, 'a job’s lease could not be renewed');
      }
      if (clock.elapsed() >= until) return lost.abort(new ToolError('UNAVAILABLE', 'Another replica may have begun this job.'));
    }
  }

  async #drainWithin(graceMs: number): Promise<void> {
    const wasStarted = this.#phase === 'started';
    this.#phase = 'draining';
    this.#endSleep();
    const cancelTimer = this.#options.clock.timer(graceMs, () =>
      this.#stop.abort(new ToolError('UNAVAILABLE', 'The server is shutting down.')),
    );
    await untilAbort(this.#scanning ?? Promise.resolve(), this.#stop.signal).catch(() => {});
    await this.#runLast(wasStarted ? [...this.#tasks] : []);
    cancelTimer();
  }

  /** Waits for the running tasks. Until the stop signal aborts, also begins the other tasks, woken tasks first. */
  async #runLast(tasks: readonly (readonly [key: string, task: Task])[]): Promise<void> {
    const last = tasks.toSorted(([, a], [, b]) => Number(b.woken) - Number(a.woken) || a.at - b.at);
    const { signal } = this.#stop;
    while (this.#running.size > 0 || (last.length > 0 && !signal.aborted)) {
      while (this.#running.size < this.#concurrency && !signal.aborted) {
        const [key, task] = last.shift() ?? [];
        if (key === undefined || task === undefined) break;
        if (!this.#running.has(key)) this.#begin(key, task, true);
      }
      await Promise.race(this.#running.values());
    }
  }
}
