import type { Clock } from '../clock.ts';

/** Counts running work, so that a shutdown can wait for it. */
export class PendingCounter {
  #count = 0;
  #waiting: (() => void)[] = [];

  /** The number of pieces of work that are running. */
  get count(): number {
    return this.#count;
  }

  /** Counts one piece of work. Call {@link end} once for each `begin`. */
  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count > 0 || this.#waiting.length === 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves when no work is running. */
  idle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when no work is running, or after `ms` at the latest. The result is the number of pieces of work that are still running. */
  async drained(clock: Clock, ms: number): Promise<number> {
    if (this.#count === 0) return 0;
    const { promise: timeout, resolve } = Promise.withResolvers<void>();
    const cancel = clock.timer(ms, resolve);
    await Promise.race([this.idle(), timeout]);
    cancel();
    return this.#count;
  }
}
