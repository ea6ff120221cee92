import type { Clock } from '../clock.ts';
import type { UpstreamLimit } from '../connector/connector.ts';
import type { Budget, BudgetRequest, ObservedLimit } from '../ports/budget.ts';
import { UpstreamError } from '../ports/resilience.ts';
import { fairQueue, type FairQueue } from './fair-queue.ts';

/** The answer of {@link BudgetCounts} to a request for capacity. */
export type BudgetAnswer =
  /** The request may run: neither the window nor the limit of running requests is used up. `release` is called once. */
  | { readonly kind: 'granted'; release(): void }
  /** The limit of running requests is reached. */
  | { readonly kind: 'full' }
  /** The window is used up until `until`, in the clock's time. */
  | { readonly kind: 'exhausted'; readonly until: number }
  /** The shared counts are unreachable. Take the capacity from this budget instead. */
  | { readonly kind: 'delegated'; readonly budget: Budget };

/** Counts the capacity that is in use in each budget. Does not wait. */
export interface BudgetCounts {
  /** Reserves capacity for one request atomically, or reserves none. */
  tryTake(key: string, limit: UpstreamLimit, deadlineAt: number): BudgetAnswer | Promise<BudgetAnswer>;
  /** See {@link Budget.observe}. A `remaining` that the vendor states applies until `holdsUntil`. */
  observe(key: string, observed: ObservedLimit, holdsUntil: number): void;
}

/** Options for {@link fairBudget}. */
export interface FairBudgetOptions {
  readonly counts: BudgetCounts;
  readonly clock: Clock;
  /** The most requests of this process that may wait for one budget. One user may have at most half as many. Default 100. */
  readonly maxWaiting?: number | undefined;
  /** How often to ask for capacity that another process may have released, in milliseconds. Absent: only this process releases capacity. */
  readonly pollEveryMs?: number;
}

/**
 * Creates a budget that waits for capacity from `counts`. Each key has one queue, in which users take turns. Only the first request in the
 * queue asks `counts`. A request whose turn would come after its deadline leaves the queue at once.
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
  /** The time until which `onWait` has already announced the wait, in the clock's time. */
  announcedUntil: number;
  onWait(ms: number): void;
  grant(release: (() => void) | Promise<() => void>): void;
  refuse(error: unknown): void;
}

interface BudgetQueue {
  readonly waiters: FairQueue<Waiter>;
  /** No request gets capacity before this time. */
  usedUntil: number;
  /** Whether something has changed since the last question to the counts. */
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
    // A new request must not overtake the waiting requests.
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

  /** Joins the queue of a key, or starts a queue for it. */
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

  /** Grants capacity while a request waits. */
  async #serve(key: string, queue: BudgetQueue): Promise<void> {
    const { waiters } = queue;
    try {
      for (;;) {
        const first = waiters.first();
        if (!first) return;
        queue.nudged = false;
        const answer = await this.#counts.tryTake(key, first.limit, first.until.deadlineAt);
        if (answer.kind === 'granted') {
          // The first waiter may have left while the counts answered.
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
          if (waiter.until.deadlineAt <= this.#clock.now())
            waiter.refuse(refusal('No place became free before the deadline of this call.'));
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

  /** Refuses the waiter, or announces to it how long it has to wait. */
  #announceWait(waiter: Waiter, usedUntil: number): void {
    const now = this.#clock.now();
    if (usedUntil <= now) return;
    if (usedUntil >= waiter.until.deadlineAt) return waiter.refuse(notBefore(usedUntil - now));
    if (usedUntil <= waiter.announcedUntil) return;
    waiter.onWait(usedUntil - Math.max(now, waiter.announcedUntil));
    waiter.announcedUntil = usedUntil;
  }

  /** Waits for a nudge, for at most `ms`. */
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
  return refusal('The vendor accepts no more requests from this connection for now.', retryAfterMs);
}

function overloaded(waiting: number, whose: string): UpstreamError {
  return new UpstreamError('OVERLOADED', `${waiting} requests${whose} are already waiting for this connection. Try again in a moment.`, {
    executed: 'no',
    transient: false,
  });
}
