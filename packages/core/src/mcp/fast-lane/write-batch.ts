import type { Clock } from '../../clock.ts';

// In this time some dozens of answers are made, and nobody notices it. A request that is read later finds the batch closed.
const longestMs = 2;
// So many requests that came alone say that the next will too. Then only each sixteenth batch is opened, to see whether that has changed.
const aloneAfter = 64;
const lookEvery = 16;

/**
 * Answers that are ready in the turn of the event loop in which their requests were read are written at its end, one right after another, as Redis
 * writes its replies. Written each between the reading of two requests, they would take half as much again of CPU time: code and data that were just
 * used are at hand, and a client or proxy on the same machine that one answer has woken is still awake for the next.
 *
 * An answer that is ready later than that waits for nothing, nor does one whose request came alone. What blocks the event loop blocks these answers too.
 */
export class WriteBatches {
  readonly #clock: Clock;
  #open: WriteBatch | undefined;
  /** How many requests in a row have come alone. */
  #alone = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes in a request, as it is read. Undefined: its answer is to be written as soon as it is ready. */
  join(): WriteBatch | undefined {
    if (this.#open && this.#clock.now() - this.#open.openedAt > longestMs) this.#close();
    if (!this.#open) {
      if (this.#alone >= aloneAfter && (this.#alone += 1) % lookEvery !== 0) return undefined;
      this.#open = new WriteBatch(this.#clock.now());
      setImmediate(this.#close);
    }
    this.#open.size += 1;
    return this.#open;
  }

  readonly #close = (): void => {
    const batch = this.#open;
    if (!batch) return;
    this.#open = undefined;
    this.#alone = batch.size === 1 ? this.#alone + 1 : 0;
    batch.close();
  };
}

/** Requests that were read in the same turn of the event loop. */
class WriteBatch {
  size = 0;
  readonly openedAt: number;
  #isOver = false;
  #waiting: PromiseWithResolvers<void> | undefined;

  constructor(openedAt: number) {
    this.openedAt = openedAt;
  }

  /** When an answer that is ready may be written. Undefined: now. */
  turn(): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    this.#waiting ??= Promise.withResolvers();
    return this.#waiting.promise;
  }

  close(): void {
    this.#isOver = true;
    this.#waiting?.resolve();
  }
}
