/** Answers up to this size are read without waiting. */
export const smallAnswerBytes = 64 * 1024;

// With answers of 4 MiB at most, a tenant's answers take up 32 MiB.
const maxAtOnce = 8;

/** One large answer. */
export interface LargeAnswer {
  /** Resolves in a turn of the event loop in which no other large answer is parsed. */
  turn(): Promise<void>;
  /** To be called once, when the answer has been read. */
  end(): void;
}

/**
 * Lets a tenant read only a few large answers of vendors at one time. The others wait, and their vendors with them. Of all tenants, one
 * large answer is parsed in a turn of the event loop, so that other calls go on in between.
 */
export class LargeAnswers {
  /** Only tenants that read a large answer. The functions start those that wait, in order. */
  readonly #tenants = new Map<string, { reading: number; readonly waiting: (() => void)[] }>();

  #last: Promise<unknown> = Promise.resolve();

  /** Resolves when one more answer may be read. Rejects if the signal aborts before. */
  async begin(tenant: string, signal: AbortSignal): Promise<LargeAnswer> {
    const reads = this.#tenants.get(tenant) ?? { reading: 0, waiting: [] };
    this.#tenants.set(tenant, reads);
    if (reads.reading < maxAtOnce) reads.reading += 1;
    else await place(reads.waiting, signal);
    const end = () => {
      const next = reads.waiting.shift();
      if (next) return next();
      reads.reading -= 1;
      if (reads.reading === 0) this.#tenants.delete(tenant);
    };
    return { turn: () => this.#turn(), end };
  }

  #turn(): Promise<void> {
    const turn = this.#last.then(() => new Promise<void>((resolve) => void setImmediate(resolve)));
    this.#last = turn;
    return turn;
  }
}

function place(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return void reject(signal.reason);
    const start = () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    };
    const onAbort = () => {
      waiting.splice(waiting.indexOf(start), 1);
      reject(signal.reason);
    };
    waiting.push(start);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
