import type { Clock } from '../clock.ts';

/** What must be over by a certain time. */
export interface Timed {
  /** In the clock's time. */
  readonly deadlineAt: number;
  /** Where it stands among what is watched, which {@link Deadlines} keeps here. Below 0: nowhere. */
  index: number;
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
  // Not a Set: each that V8 grows or clears of holes keeps what was in it, and the next one, for the collector of old garbage, so that under
  // load many calls would be moved there.
  readonly #running: T[] = [];
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is watched now. A copy: what is stopped may leave at once. */
  get running(): readonly T[] {
    return [...this.#running];
  }

  /** Watches it until it expires or is deleted. */
  add(timed: T): void {
    timed.index = this.#running.length;
    this.#running.push(timed);
    if (!this.#cancelTimer) this.#wait();
  }

  /** Safe to call twice. */
  delete(timed: T): void {
    if (timed.index < 0) return;
    const last = this.#running.pop();
    if (last && last !== timed) {
      this.#running[timed.index] = last;
      last.index = timed.index;
    }
    timed.index = -1;
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
    // Whoever hears of its end may delete others.
    for (const timed of this.#running.filter(({ deadlineAt }) => deadlineAt <= now)) {
      this.delete(timed);
      timed.expire();
    }
    if (this.#running.length > 0) this.#wait();
  };
}
