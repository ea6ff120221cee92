import type { Clock } from '../clock.ts';

/** Counts what runs, so that closing can wait for its end. */
export class PendingCounter {
  #count = 0;
  #waiting: (() => void)[] = [];

  /** How many run. */
  get count(): number {
    return this.#count;
  }

  /** Counts one more. Whoever calls it calls {@link end} once. */
  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count > 0 || this.#waiting.length === 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves when nothing runs. */
  idle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when nothing runs any more, or after `ms` with the number of what still does. */
  async drained(clock: Clock, ms: number): Promise<number> {
    if (this.#count === 0) return 0;
    const timer = new AbortController();
    await Promise.race([this.idle(), clock.sleep(ms, timer.signal).catch(() => {})]);
    timer.abort();
    return this.#count;
  }
}
