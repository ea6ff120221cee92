import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Job } from '../connector/connector.ts';
import type { StateStore } from '../connector/state.ts';
import { ToolError } from '../errors.ts';

const JobRecord = z.object({
  /** When the job is due, because of its `everyMs` or a wake. */
  dueAt: z.number().optional(),
  /** Set after a failure. The job does not run before this time, even after a wake. */
  notBefore: z.number().optional(),
  failures: z.number(),
  /** The replica that runs the job, and the time until which the job counts as running unless the replica renews the lease. */
  lease: z.object({ owner: z.string(), until: z.number() }).optional(),
});
type JobRecord = z.infer<typeof JobRecord>;

/** How a run ended. `stopped` is not the job's fault, so the job is due again at once, on another replica or after the next start. */
export type RunOutcome = 'done' | 'failed' | 'stopped';

/** Options for {@link JobRecords}. */
export interface JobRecordsOptions {
  readonly state: StateStore;
  readonly clock: Clock;
  readonly leaseMs: number;
}

const maxConflicts = 20;
const firstBackoffMs = 5_000;
const maxBackoffMs = 5 * 60_000;

/**
 * The schedule of all connections' jobs. The state store keeps it next to the state of each connection, so it is as durable as that state
 * and the same for all replicas. Every change is a compare-and-set. Times come from the replicas' clocks, which must agree to within the
 * length of a lease.
 */
export class JobRecords {
  readonly #state: StateStore;
  readonly #clock: Clock;
  readonly #leaseMs: number;

  constructor({ state, clock, leaseMs }: JobRecordsOptions) {
    this.#state = state;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  /**
   * Returns when the job is due or, while it runs, when its lease ends. Returns undefined if the job waits for a wake. Schedules the first
   * run of a job with an interval.
   */
  async nextRunAt(connection: string, { name, everyMs }: Pick<Job<unknown>, 'name' | 'everyMs'>): Promise<number | undefined> {
    const record = await this.#edit(
      connection,
      name,
      (known, now) => known ?? (everyMs === undefined ? undefined : { dueAt: now + everyMs, failures: 0 }),
    );
    return dueAt(record);
  }

  /** Requests a run at `at`, unless the job is already due earlier. Returns when the job will run. */
  async wake(connection: string, job: string, at: number): Promise<number | undefined> {
    const record = await this.#edit(connection, job, (known = { failures: 0 }) =>
      known.dueAt !== undefined && known.dueAt <= at ? known : { ...known, dueAt: at },
    );
    return dueAt(record);
  }

  /** Takes the lease. Returns false if another replica runs the job, or if the job is not due yet. With `early`, it need not be due. */
  async claim(connection: string, job: string, owner: string, early: boolean): Promise<boolean> {
    const record = await this.#edit(connection, job, (known, now) => {
      if (!known || (known.lease && known.lease.until > now)) return known;
      if (!early && (dueAt(known) ?? Infinity) > now) return known;
      return { failures: known.failures, lease: { owner, until: now + this.#leaseMs } };
    });
    return record?.lease?.owner === owner;
  }

  /** Extends the lease to `leaseMs` from now. Returns false if the lease is lost. */
  async renew(connection: string, job: string, owner: string): Promise<boolean> {
    const record = await this.#edit(connection, job, (known, now) =>
      known?.lease?.owner === owner ? { ...known, lease: { owner, until: now + this.#leaseMs } } : known,
    );
    return record?.lease?.owner === owner;
  }

  /** Releases the lease. Returns when the job is due next. */
  async finish(
    connection: string,
    { name, everyMs }: Pick<Job<unknown>, 'name' | 'everyMs'>,
    owner: string,
    outcome: RunOutcome,
  ): Promise<number | undefined> {
    const record = await this.#edit(connection, name, (known, now) => {
      if (known?.lease?.owner !== owner) return known;
      // Set by a wake during the run.
      const { dueAt: wokenAt = Infinity, failures } = known;
      if (outcome === 'stopped') return { dueAt: now, failures };
      if (outcome === 'failed') {
        const retryAt = now + Math.min(maxBackoffMs, firstBackoffMs * 2 ** failures);
        return { dueAt: retryAt, notBefore: retryAt, failures: failures + 1 };
      }
      const next = Math.min(wokenAt, everyMs === undefined ? Infinity : now + everyMs);
      return next === Infinity ? undefined : { dueAt: next, failures: 0 };
    });
    return dueAt(record);
  }

  /** Deletes the record of a job whose connection no longer exists. */
  async forget(connection: string, job: string): Promise<void> {
    await this.#edit(connection, job, () => undefined);
  }

  /** Reads, changes and writes the record, and repeats this after each conflict. A change that returns its argument writes nothing. */
  async #edit(
    connection: string,
    job: string,
    change: (record: JobRecord | undefined, now: number) => JobRecord | undefined,
  ): Promise<JobRecord | undefined> {
    const records = this.#state.open(`${connection}#jobs`);
    for (let conflict = 0; conflict < maxConflicts; conflict += 1) {
      const found = await records.get(job, JobRecord);
      const next = change(found?.value, this.#clock.now());
      if (next === found?.value || (await records.set(job, next, found?.version))) return next;
    }
    throw new ToolError('UNAVAILABLE', 'The job’s record is changed too often at the moment. Try again shortly.');
  }
}

// A job whose replica died counts as running until its lease ends. Then it is due, regardless of the rest of the record.
function dueAt(record: JobRecord | undefined): number | undefined {
  if (record?.lease) return record.lease.until;
  return record?.dueAt === undefined ? undefined : Math.max(record.dueAt, record.notBefore ?? 0);
}
