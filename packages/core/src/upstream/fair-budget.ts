import type { Clock } from '../clock.ts';
import type { UpstreamLimit } from '../connector/connector.ts';
import type { Budget, BudgetRequest, ObservedLimit } from '../ports/budget.ts';
import { UpstreamError } from '../ports/resilience.ts';
import { fairQueue, type FairQueue } from './fair-queue.ts';

/** What the counts answer to a request for a place. */
export type BudgetAnswer =
  /** The request has a place, within the window and among those that run. `release` is called once. */
  | { readonly kind: 'granted'; release(): void }
  /** As many requests run as may. */
  | { readonly kind: 'full' }
  /** The window is used up until `until`, clock time. */
  | { readonly kind: 'exhausted'; readonly until: number }
  /** The shared counts are unreachable: take the place from this budget instead. */
  | { readonly kind: 'delegated'; readonly budget: Budget };

/** Counts the places of budgets. Does not wait. */
export interface BudgetCounts {
  /** Takes a place in one step, or none. */
  tryTake(key: string, limit: UpstreamLimit, deadlineAt: number): BudgetAnswer | Promise<BudgetAnswer>;
  /** As {@link Budget.observe}. A `remaining` that the vendor states holds until `holdsUntil`. */
  observe(key: string, observed: ObservedLimit, holdsUntil: number): void;
}

/** How {@link fairBudget} waits. */
export interface FairBudgetOptions {
  readonly counts: BudgetCounts;
  readonly clock: Clock;
  /** Most requests of this process that wait for one budget; of one user half as many. Default 100. */
  readonly maxWaiting?: number | undefined;
  /** How often to ask for a place that another process may have released. Absent: only this process releases places. */
  readonly pollEveryMs?: number;
}

/**
 * Creates a budget that waits for places of `counts`. Each key has one queue, in which users take turns, and only its first request asks
 * the counts. A request whose place would come after its deadline leaves the queue at once.
 */
export function fairBudget(options: FairBudgetOptions): Budget {
  const queues = new BudgetQueues(options);
  return {
    take: (key, limit, until, onWait) => queues.take(key, limit, until, onWait),
    observe: (key, limit, observed) => queues.observe(key, limit, observed),
  };
}

interface Waiter {
  readonly user: string;
  readonly limit: UpstreamLimit;
  readonly until: BudgetRequest;
  /** How far ahead the request knows that it has to wait. */
  announcedUntil: number;
  onWait(ms: number): void;
  grant(release: (() => void) | Promise<() => void>): void;
  refuse(error: unknown): void;
}

interface BudgetQueue {
  readonly waiters: FairQueue<Waiter>;
  /** No request is granted a place before. */
  usedUntil: number;
  /** Something has changed since the counts were asked. */
  nudged: boolean;
  wake(): void;
}

const maxObservedMs = 3_600_000;
const holdMs = 60_000;

class BudgetQueues implements Budget {
  readonly #counts: BudgetCounts;
  readonly #clock: Clock;
  readonly #maxWaiting: number;
  readonly #maxPerUser: number;
  readonly #pollEveryMs: number | undefined;
  /** A key has a queue while a request waits for it. */
  readonly #queues = new Map<string, BudgetQueue>();

  constructor({ counts, clock, maxWaiting = 100, pollEveryMs }: FairBudgetOptions) {
    this.#counts = counts;
    this.#clock = clock;
    this.#maxWaiting = maxWaiting;
    this.#maxPerUser = Math.ceil(maxWaiting / 2);
    this.#pollEveryMs = pollEveryMs;
  }

  async take(key: string, limit: UpstreamLimit, until: BudgetRequest, onWait: (ms: number) => void): Promise<() => void> {
    until.signal.throwIfAborted();
    // No request overtakes those that wait.
    let usedUntil = 0;
    if (!this.#queues.has(key)) {
      const answer = await this.#counts.tryTake(key, limit, until.deadlineAt);
      if (answer.kind === 'granted') {
        const release = this.#releaseOf(key, answer.release);
        if (until.signal.aborted) release();
        until.signal.throwIfAborted();
        return release;
      }
      until.signal.throwIfAborted();
      if (answer.kind === 'delegated') return await answer.budget.take(key, limit, until, onWait);
      if (answer.kind === 'exhausted') usedUntil = answer.until;
      if (usedUntil >= until.deadlineAt) throw notBefore(usedUntil - this.#clock.now());
    }
    return await this.#wait(key, limit, until, onWait, usedUntil);
  }

  observe(key: string, { windowMs = holdMs }: UpstreamLimit, { closedUntil, ...observed }: ObservedLimit): void {
    const now = this.#clock.now();
    const latest = now + maxObservedMs;
    const holdsUntil = Math.min(observed.resetAt ?? now + Math.min(windowMs, holdMs), latest);
    this.#counts.observe(
      key,
      closedUntil === undefined ? observed : { ...observed, closedUntil: Math.min(closedUntil, latest) },
      holdsUntil,
    );
    nudge(this.#queues.get(key));
  }

  #releaseOf(key: string, granted: () => void): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      granted();
      nudge(this.#queues.get(key));
    };
  }

  /** Joins the queue of a key, or starts one. */
  #wait(key: string, limit: UpstreamLimit, until: BudgetRequest, onWait: (ms: number) => void, usedUntil: number): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const existing = this.#queues.get(key);
      const queue = existing ?? this.#createQueue(usedUntil);
      const leave = (): void => {
        until.signal.removeEventListener('abort', onAbort);
        queue.waiters.leave(waiter.user, waiter);
      };
      const onAbort = (): void => {
        waiter.refuse(until.signal.reason);
        nudge(queue);
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
      const joined = queue.waiters.join(waiter.user, waiter);
      if (joined === 'full') return reject(overloaded(this.#maxWaiting, ''));
      if (joined === 'user-full') return reject(overloaded(this.#maxPerUser, ' of yours'));
      until.signal.addEventListener('abort', onAbort, { once: true });
      this.#announceWait(waiter, queue.usedUntil);
      if (existing) return;
      this.#queues.set(key, queue);
      void this.#serve(key, queue);
    });
  }

  #createQueue(usedUntil: number): BudgetQueue {
    const waiters = fairQueue<Waiter>({ max: this.#maxWaiting, maxPerUser: this.#maxPerUser });
    return { waiters, usedUntil, nudged: false, wake: () => {} };
  }

  /** Grants places while a request waits. */
  async #serve(key: string, queue: BudgetQueue): Promise<void> {
    const { waiters } = queue;
    try {
      for (;;) {
        const first = waiters.first();
        if (!first) return;
        queue.nudged = false;
        const answer = await this.#counts.tryTake(key, first.limit, first.until.deadlineAt);
        if (answer.kind === 'granted') {
          // The first may have left while the counts were asked.
          if (first === waiters.first()) waiters.next()?.grant(this.#releaseOf(key, answer.release));
          else answer.release();
          continue;
        }
        if (answer.kind === 'delegated') {
          for (const waiter of waiters.all()) waiter.grant(answer.budget.take(key, waiter.limit, waiter.until, waiter.onWait));
          continue;
        }
        queue.usedUntil = answer.kind === 'exhausted' ? answer.until : 0;
        for (const waiter of waiters.all()) {
          if (waiter.until.deadlineAt <= this.#clock.now()) waiter.refuse(refusal('No place became free in the time that this call has.'));
          else this.#announceWait(waiter, queue.usedUntil);
        }
        if (waiters.length > 0)
          await this.#pause(queue, answer.kind === 'exhausted' ? answer.until - this.#clock.now() : this.#pollEveryMs);
      }
    } catch (error) {
      for (const waiter of waiters.all()) waiter.refuse(error);
    } finally {
      this.#queues.delete(key);
    }
  }

  /** Refuses the waiter, or reports to it how long it has to wait. */
  #announceWait(waiter: Waiter, usedUntil: number): void {
    const now = this.#clock.now();
    if (usedUntil <= now) return;
    if (usedUntil >= waiter.until.deadlineAt) return waiter.refuse(notBefore(usedUntil - now));
    if (usedUntil <= waiter.announcedUntil) return;
    waiter.onWait(usedUntil - Math.max(now, waiter.announcedUntil));
    waiter.announcedUntil = usedUntil;
  }

  /** Waits for a nudge, at most `ms`. */
  async #pause(queue: BudgetQueue, ms: number | undefined): Promise<void> {
    if (queue.nudged || (ms !== undefined && ms <= 0)) return;
    let cancelTimer: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      queue.wake = resolve;
      if (ms !== undefined) cancelTimer = this.#clock.timer(ms, resolve);
    });
    cancelTimer?.();
  }
}

function nudge(queue: BudgetQueue | undefined): void {
  if (!queue) return;
  queue.nudged = true;
  queue.wake();
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
