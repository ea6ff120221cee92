import type { Clock } from '../clock.ts';

/** Counts what runs, so that closing can wait for its end. */
export class InFlight {
  #count = 0;
  #waiting: (() => void)[] = [];

  /** Counts one more. Call what it returns when that has ended; only the first time counts. */
  begin(): () => void {
    let running = true;
    this.#count += 1;
    return () => {
      if (!running) return;
      running = false;
      this.#count -= 1;
      if (this.#count > 0) return;
      for (const resolve of this.#waiting.splice(0)) resolve();
    };
  }

  /** Resolves when nothing runs any more, or after `ms` with the number of what still does. */
  async drained(clock: Clock, ms: number): Promise<number> {
    if (this.#count === 0) return 0;
    const timer = new AbortController();
    const idle = new Promise<void>((resolve) => this.#waiting.push(resolve));
    await Promise.race([idle, clock.sleep(ms, timer.signal).catch(() => {})]);
    timer.abort();
    return this.#count;
  }
}
