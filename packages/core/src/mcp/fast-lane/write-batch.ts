import type { Clock } from '../../clock.ts';

// Long enough for some dozens of answers, and too short to notice. A request that is read later joins the next batch.
const maxOpenMs = 2;
// After this many requests in a row that came alone, the next request will probably come alone too. From then on, only every sixteenth
// request opens a batch, to test whether that has changed.
const aloneAfter = 64;
const probeEvery = 16;

/**
 * Batches answers that are ready in the turn of the event loop in which their requests were read. The server writes them at the end of that
 * turn, one directly after another, as Redis writes its replies. Answers that are ready later, or whose requests came alone, do not wait.
 * Code that blocks the event loop also delays a batch. Why: docs/decisions/0010-batched-responses.md
 */
export class WriteBatches {
  readonly #clock: Clock;
  #open: WriteBatch | undefined;
  /** The number of requests in a row that came alone. */
  #alone = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Adds a request to the open batch. Call it when the request is read. If it returns undefined, write the answer as soon as it is ready.
   */
  join(): WriteBatch | undefined {
    if (this.#open && this.#clock.elapsed() - this.#open.openedAt > maxOpenMs) this.#close();
    if (!this.#open) {
      if (this.#alone >= aloneAfter && (this.#alone += 1) % probeEvery !== 0) return undefined;
      this.#open = new WriteBatch(this.#clock.elapsed());
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
  #isClosed = false;
  #waiting: PromiseWithResolvers<void> | undefined;

  constructor(openedAt: number) {
    this.openedAt = openedAt;
  }

  /** Resolves when a ready answer may be written. If it returns undefined, write the answer now. */
  turn(): Promise<void> | undefined {
    if (this.#isClosed) return undefined;
    this.#waiting ??= Promise.withResolvers();
    return this.#waiting.promise;
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting?.resolve();
  }
}
