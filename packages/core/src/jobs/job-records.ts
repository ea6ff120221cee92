import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Job } from '../connector/connector.ts';
import { ToolError } from '../errors.ts';
import type { StateStore } from '../connector/state.ts';

const JobRecord = z.object({
  /** When it is wanted, by its own `everyMs` or because somebody woke it. */
  dueAt: z.number().optional(),
  /** After a failure: not before this, however often it is woken. */
  notBefore: z.number().optional(),
  failures: z.number(),
  /** Who runs it, and until when that may be believed without word from there. */
  lease: z.object({ owner: z.string(), until: z.number() }).optional(),
});
type JobRecord = z.infer<typeof JobRecord>;

/** How a run ended: `stopped` is not the job's fault, so it is due at once, elsewhere or after the next start. */
export type RunEnd = 'done' | 'failed' | 'stopped';

/**
 * What is known of the jobs of all connections. It is kept in state, beside each connection's own, so it is as durable as that and the
 * same for all replicas; every change is a compare-and-set. Times are those of the replicas' clocks, which must agree within a lease.
 */
export interface JobRecords {
  /** When the job is due, or its lease ends. A job that runs by itself gets its first time here. Undefined: nothing waits. */
  look(connection: string, job: Pick<Job<unknown>, 'name' | 'everyMs'>): Promise<number | undefined>;
  /** Asks for a run at `at`; the earliest wins. Gives when it will be. */
  wake(connection: string, job: string, at: number): Promise<number | undefined>;
  /** Takes the lease. False: nothing is due (unless `early`), or somebody else runs it. */
  claim(connection: string, job: string, owner: string, early: boolean): Promise<boolean>;
  /** Keeps the lease for another `leaseMs`. False: it is lost. */
  renew(connection: string, job: string, owner: string): Promise<boolean>;
  /** Gives the lease back. Gives when the job is due next. */
  finish(connection: string, job: Pick<Job<unknown>, 'name' | 'everyMs'>, owner: string, end: RunEnd): Promise<number | undefined>;
  /** Forgets a job whose connection is gone. */
  forget(connection: string, job: string): Promise<void>;
}

const maxConflicts = 20;
const firstBackoffMs = 5_000;
const maxBackoffMs = 5 * 60_000;

export function createJobRecords({ state, clock, leaseMs }: { state: StateStore; clock: Clock; leaseMs: number }): JobRecords {
  /** Reads, edits and writes until nobody was in between. An edit that gives its argument back changes nothing. */
  async function edit(
    connection: string,
    job: string,
    change: (record: JobRecord | undefined, now: number) => JobRecord | undefined,
  ): Promise<JobRecord | undefined> {
    const records = state.open(`${connection}#jobs`);
    for (let conflict = 0; conflict < maxConflicts; conflict += 1) {
      const found = await records.get(job, JobRecord);
      const next = change(found?.value, clock.now());
      if (next === found?.value || (await records.set(job, next, found?.version))) return next;
    }
    throw new ToolError('UNAVAILABLE', 'The job’s record is changed too often at the moment. Try again shortly.');
  }

  return {
    async look(connection, { name, everyMs }) {
      const record = await edit(
        connection,
        name,
        (known, now) => known ?? (everyMs === undefined ? undefined : { dueAt: now + everyMs, failures: 0 }),
      );
      return dueAt(record);
    },
    async wake(connection, job, at) {
      const record = await edit(connection, job, (known = { failures: 0 }) =>
        known.dueAt !== undefined && known.dueAt <= at ? known : { ...known, dueAt: at },
      );
      return dueAt(record);
    },
    async claim(connection, job, owner, early) {
      const record = await edit(connection, job, (known, now) => {
        if (!known || (known.lease && known.lease.until > now)) return known;
        if (!early && (dueAt(known) ?? Infinity) > now) return known;
        return { failures: known.failures, lease: { owner, until: now + leaseMs } };
      });
      return record?.lease?.owner === owner;
    },
    async renew(connection, job, owner) {
      const record = await edit(connection, job, (known, now) =>
        known?.lease?.owner === owner ? { ...known, lease: { owner, until: now + leaseMs } } : known,
      );
      return record?.lease?.owner === owner;
    },
    async finish(connection, { name, everyMs }, owner, end) {
      const record = await edit(connection, name, (known, now) => {
        if (known?.lease?.owner !== owner) return known;
        // Present where somebody has woken it since it began.
        const { dueAt: woken = Infinity, failures } = known;
        if (end === 'stopped') return { dueAt: now, failures };
        if (end === 'failed') {
          const again = now + Math.min(maxBackoffMs, firstBackoffMs * 2 ** failures);
          return { dueAt: again, notBefore: again, failures: failures + 1 };
        }
        const next = Math.min(woken, everyMs === undefined ? Infinity : now + everyMs);
        return next === Infinity ? undefined : { dueAt: next, failures: 0 };
      });
      return dueAt(record);
    },
    async forget(connection, job) {
      await edit(connection, job, () => undefined);
    },
  };
}

// A job whose runner died stays leased until the lease ends; then it is due, whatever else is written down.
function dueAt(record: JobRecord | undefined): number | undefined {
  if (record?.lease) return record.lease.until;
  return record?.dueAt === undefined ? undefined : Math.max(record.dueAt, record.notBefore ?? 0);
}
