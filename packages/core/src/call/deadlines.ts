import type { Clock } from '../clock.ts';

/** Work with a deadline. Subclasses can be watched by {@link Deadlines}. */
export abstract class DeadlineEntry {
  /** The deadline, in the clock's time. */
  readonly deadlineAt: number;
  /** How long the work may take, in milliseconds. */
  readonly timeoutMs: number;
  // The entry's index in its list, so that removing it takes constant time. Negative while it is in no list.
  #index = -1;
  // In elapsed time, because the clock's time may be corrected before the end.
  #startedAt = 0;

  constructor(startedAt: number, timeoutMs: number) {
    this.deadlineAt = startedAt + timeoutMs;
    this.timeoutMs = timeoutMs;
  }

  /** Called when the deadline has passed. */
  abstract expire(): void;

  /** The elapsed time at which the entry was added to a list. */
  static startOf(entry: DeadlineEntry): number {
    return entry.#startedAt;
  }

  /** The elapsed time at which the entry ends. */
  static endOf(entry: DeadlineEntry): number {
    return entry.#startedAt + entry.timeoutMs;
  }

  /** Appends an entry that begins at this elapsed time. An entry may be in only one list at a time. */
  static add<T extends DeadlineEntry>(list: T[], entry: T, elapsed: number): void {
    entry.#startedAt = elapsed;
    entry.#index = list.length;
    list.push(entry);
  }

  /** Removes the entry and moves the last entry into its place. Safe to call twice. */
  static remove<T extends DeadlineEntry>(list: T[], entry: T): void {
    const index = entry.#index;
    if (index < 0) return;
    const last = list.pop();
    if (last && last !== entry) {
      list[index] = last;
      last.#index = index;
    }
    entry.#index = -1;
  }
}

// The longest time for which the timer keeps a process alive after its last entry was removed.
const maxTimerMs = 1_000;

/**
 * Watches running work and ends work that takes too long. One timer serves all entries, because a timer for each would take up a large part
 * of a short call's time. Each entry must have the same deadline as the previous entry, or a later one.
 */
export class Deadlines<T extends DeadlineEntry> {
  readonly #clock: Clock;
  // Why no Set: docs/decisions/0012-v8-and-memory.md
  readonly #running: T[] = [];
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A copy of the watched entries, because entries may be deleted while a caller iterates. */
  get running(): readonly T[] {
    return [...this.#running];
  }

  /** Watches the entry until it expires or is deleted. */
  add(entry: T): void {
    DeadlineEntry.add(this.#running, entry, this.#clock.elapsed());
    if (!this.#cancelTimer) this.#startTimer();
  }

  /** Stops watching the entry. Safe to call twice. */
  delete(entry: T): void {
    DeadlineEntry.remove(this.#running, entry);
  }

  /** Cancels the timer. */
  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #startTimer(): void {
    const now = this.#clock.elapsed();
    let ms = maxTimerMs;
    for (const entry of this.#running) ms = Math.min(ms, DeadlineEntry.endOf(entry) - now);
    this.#cancelTimer = this.#clock.timer(ms, this.#expireDue);
  }

  readonly #expireDue = (): void => {
    this.#cancelTimer = undefined;
    const now = this.#clock.elapsed();
    // A copy, because an entry that expires may delete others.
    for (const entry of this.#running.filter((each) => DeadlineEntry.endOf(each) <= now)) {
      this.delete(entry);
      entry.expire();
    }
    if (this.#running.length > 0) this.#startTimer();
  };
}
