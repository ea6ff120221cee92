import type { Budget, BudgetRequest, ObservedLimit } from '../ports/budget.ts';
import type { Clock } from '../clock.ts';
import type { UpstreamLimit } from '../connector/connector.ts';
import { fairQueue, type FairQueue } from './fair-queue.ts';
import { UpstreamError } from '../ports/resilience.ts';

/** What a count says to a request for a place. */
export type BudgetAnswer =
  /** It has one: within the window and among those that run. `release` is called once. */
  | { readonly kind: 'granted'; release(): void }
  /** As many run as may. */
  | { readonly kind: 'full' }
  /** The vendor's time has to come first. */
  | { readonly kind: 'exhausted'; readonly until: number }
  /** The shared count cannot be reached at present: take the place from this budget instead. */
  | { readonly kind: 'delegated'; readonly budget: Budget };

/** Where places are counted. Does not wait. */
export interface BudgetCounts {
  /** Takes a place in one step, or none. */
  tryTake(key: string, limit: UpstreamLimit, deadlineAt: number): BudgetAnswer | Promise<BudgetAnswer>;
  /** As {@link Budget.observe}. What is told to remain holds until `holdsUntil`. */
  observe(key: string, seen: ObservedLimit, holdsUntil: number): void;
}

/** How {@link fairBudget} waits. */
export interface FairBudgetOptions {
  readonly counts: BudgetCounts;
  readonly clock: Clock;
  /** Most requests of this process that wait for one budget; of one user half as many. Default 100. */
  readonly maxWaiting?: number | undefined;
  /** How often to ask for a place that somebody else may have given back. Absent: only this process gives back. */
  readonly pollEveryMs?: number;
}

interface Waiter {
  readonly user: string;
  readonly limit: UpstreamLimit;
  readonly until: BudgetRequest;
  /** How far it knows that it has to wait. */
  announcedUntil: number;
  onWait(ms: number): void;
  grant(release: (() => void) | Promise<() => void>): void;
  refuse(error: unknown): void;
}

interface BudgetQueue {
  readonly waiters: FairQueue<Waiter>;
  /** Nobody is granted a place before. */
  usedUntil: number;
  /** Something has changed since the counts were asked. */
  nudged: boolean;
  wake(): void;
}

const longestMs = 3_600_000;
const holdMs = 60_000;

/**
 * A budget that waits for places of `counts`: one line for each budget, in which users take turns and the first alone asks. Who would be
 * granted only after the deadline leaves it at once.
 */
export function fairBudget({ counts, clock, maxWaiting = 100, pollEveryMs: askEveryMs }: FairBudgetOptions): Budget {
  const maxPerUser = Math.ceil(maxWaiting / 2);
  // There is a line for as long as somebody waits.
  const queues = new Map<string, BudgetQueue>();

  function nudge(line: BudgetQueue | undefined): void {
    if (!line) return;
    line.nudged = true;
    line.wake();
  }

  const releaseOf = (key: string, granted: () => void): (() => void) => {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      granted();
      nudge(queues.get(key));
    };
  };

  /** Refuses the waiter, or lets it know how long it has to wait. */
  function announceWait(waiter: Waiter, usedUntil: number): void {
    const now = clock.now();
    if (usedUntil <= now) return;
    if (usedUntil >= waiter.until.deadlineAt) return waiter.refuse(notBefore(usedUntil - now));
    if (usedUntil <= waiter.announcedUntil) return;
    waiter.onWait(usedUntil - Math.max(now, waiter.announcedUntil));
    waiter.announcedUntil = usedUntil;
  }

  async function pause(line: BudgetQueue, ms: number | undefined): Promise<void> {
    if (line.nudged || (ms !== undefined && ms <= 0)) return;
    const over = new AbortController();
    const woken = new Promise<void>((resolve) => (line.wake = resolve));
    const slept = ms === undefined ? woken : clock.sleep(ms, over.signal).catch(() => {});
    await Promise.race([woken, slept]);
    over.abort();
  }

  /** Grants places for as long as somebody waits. */
  async function serve(key: string, line: BudgetQueue): Promise<void> {
    const { waiters } = line;
    try {
      for (;;) {
        const first = waiters.first();
        if (!first) return;
        line.nudged = false;
        const answer = await counts.tryTake(key, first.limit, first.until.deadlineAt);
        if (answer.kind === 'granted') {
          // It may have left meanwhile.
          if (first === waiters.first()) waiters.next()?.grant(releaseOf(key, answer.release));
          else answer.release();
          continue;
        }
        if (answer.kind === 'delegated') {
          for (const waiter of waiters.all()) waiter.grant(answer.budget.take(key, waiter.limit, waiter.until, waiter.onWait));
          continue;
        }
        line.usedUntil = answer.kind === 'exhausted' ? answer.until : 0;
        for (const waiter of waiters.all()) {
          if (waiter.until.deadlineAt <= clock.now()) waiter.refuse(refusal('No place became free in the time that this call has.'));
          else announceWait(waiter, line.usedUntil);
        }
        if (waiters.length > 0) await pause(line, answer.kind === 'exhausted' ? answer.until - clock.now() : askEveryMs);
      }
    } catch (error) {
      for (const waiter of waiters.all()) waiter.refuse(error);
    } finally {
      queues.delete(key);
    }
  }

  function wait(
    key: string,
    limit: UpstreamLimit,
    until: BudgetRequest,
    onWait: (ms: number) => void,
    usedUntil: number,
  ): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const existing = queues.get(key);
      const line = existing ?? { waiters: fairQueue<Waiter>({ max: maxWaiting, maxPerUser }), usedUntil, nudged: false, wake: () => {} };
      const leave = (): void => {
        until.signal.removeEventListener('abort', onAbort);
        line.waiters.leave(waiter.user, waiter);
      };
      const onAbort = (): void => {
        waiter.refuse(until.signal.reason);
        nudge(line);
      };
      const waiter: Waiter = {
        user: until.user ?? '',
        limit,
        until,
        announcedUntil: 0,
        onWait,
        grant: (release) => (leave(), resolve(release)),
        refuse: (error) => (leave(), reject(error)),
      };
      const joined = line.waiters.join(waiter.user, waiter);
      if (joined !== 'joined') return reject(overloaded(joined === 'full' ? maxWaiting : maxPerUser, joined === 'full' ? '' : ' of yours'));
      until.signal.addEventListener('abort', onAbort, { once: true });
      announceWait(waiter, line.usedUntil);
      if (existing) return;
      queues.set(key, line);
      void serve(key, line);
    });
  }

  return {
    async take(key, limit, until, onWait) {
      until.signal.throwIfAborted();
      // Nobody overtakes those who wait.
      let usedUntil = 0;
      if (!queues.has(key)) {
        const answer = await counts.tryTake(key, limit, until.deadlineAt);
        if (answer.kind === 'granted') {
          const release = releaseOf(key, answer.release);
          if (until.signal.aborted) release();
          until.signal.throwIfAborted();
          return release;
        }
        until.signal.throwIfAborted();
        if (answer.kind === 'delegated') return await answer.budget.take(key, limit, until, onWait);
        if (answer.kind === 'exhausted') usedUntil = answer.until;
        if (usedUntil >= until.deadlineAt) throw notBefore(usedUntil - clock.now());
      }
      return await wait(key, limit, until, onWait, usedUntil);
    },
    observe(key, { windowMs = holdMs }, { closedUntil, ...seen }) {
      const latest = clock.now() + longestMs;
      const holdsUntil = Math.min(seen.resetAt ?? clock.now() + Math.min(windowMs, holdMs), latest);
      counts.observe(key, closedUntil === undefined ? seen : { ...seen, closedUntil: Math.min(closedUntil, latest) }, holdsUntil);
      nudge(queues.get(key));
    },
  };
}

function refusal(message: string, retryAfterMs?: number): UpstreamError {
  return new UpstreamError('RATE_LIMITED', message, { executed: 'no', transient: true, retryAfterMs });
}

function notBefore(retryAfterMs: number): UpstreamError {
  return refusal('The vendor takes no more requests of this connection for now.', retryAfterMs);
}

function overloaded(waiting: number, whose: string): UpstreamError {
  return new UpstreamError('OVERLOADED', `${waiting} requests${whose} wait for this connection already. Try again in a moment.`, {
    executed: 'no',
    transient: false,
  });
}
