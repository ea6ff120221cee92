import type { Clock } from './clock.ts';

/** What must be over by a certain time. */
export interface Timed {
  /** In the clock's time. */
  readonly deadlineAt: number;
  /** Called when that has come. */
  expire(): void;
}

// For no longer than this the timer keeps a process from ending after the last of what it watched.
const lookEveryMs = 1_000;

/**
 * Watches what runs, and ends what takes too long, with one timer for all: a timer for each would cost a good part of a short call. Whoever
 * is added later has a later deadline, or the same.
 */
export class Deadlines<T extends Timed> {
  readonly #clock: Clock;
  readonly #running = new Set<T>();
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is watched now. */
  get running(): Iterable<T> {
    return this.#running;
  }

  /** Watches it until it expires or is deleted. */
  add(timed: T): void {
    this.#running.add(timed);
    if (!this.#cancelTimer) this.#wait();
  }

  delete(timed: T): void {
    this.#running.delete(timed);
  }

  /** Leaves no timer behind. */
  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #wait(): void {
    const now = this.#clock.now();
    let ms = lookEveryMs;
    for (const { deadlineAt } of this.#running) ms = Math.min(ms, deadlineAt - now);
    this.#cancelTimer = this.#clock.timer(ms, this.#look);
  }

  readonly #look = (): void => {
    this.#cancelTimer = undefined;
    const now = this.#clock.now();
    for (const timed of this.#running) {
      if (timed.deadlineAt > now) continue;
      this.#running.delete(timed);
      timed.expire();
    }
    if (this.#running.size > 0) this.#wait();
  };
}
