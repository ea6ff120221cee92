import { answerJson, frozenAnswer } from '../answer-json.ts';
import type { Answer } from '../content.ts';
import { untilAbort } from '../lib/until-abort.ts';
import type { ToolRun } from './meter.ts';

/** Reads that run now in this process. */
export interface SharedReads {
  /**
   * Runs the read, or waits for the equal one that runs already: until the signal, whose reason it throws. Where that one ends without an
   * answer, for whatever reason, the first of those who wait runs.
   */
  share(key: string, signal: AbortSignal, run: () => Promise<ToolRun>): Promise<ToolRun>;
}

/** The bounds of {@link sharedReads}. A read beyond one of them runs by itself. */
export interface SharedReadsOptions {
  /** Reads that others may wait for. Default 1,000. */
  readonly maxRunning?: number;
  /** Reads that wait for the same one. Default 1,000. */
  readonly maxWaiting?: number;
}

interface Running {
  readonly ended: Promise<Answer | undefined>;
  waiting: number;
}

/** Makes a place where equal reads meet. What it gives to those who waited is frozen, since they share it. */
export function sharedReads({ maxRunning = 1_000, maxWaiting = 1_000 }: SharedReadsOptions = {}): SharedReads {
  const reads = new Map<string, Running>();

  async function lead(key: string, run: () => Promise<ToolRun>): Promise<ToolRun> {
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
    const read: Running = { ended: promise, waiting: 0 };
    reads.set(key, read);
    let answer: Answer | undefined;
    try {
      const ran = await run();
      if (read.waiting > 0) answer = frozenAnswer(answerJson(ran.answer));
      return ran;
    } finally {
      reads.delete(key);
      resolve(answer);
    }
  }

  return {
    async share(key, signal, run) {
      for (;;) {
        const read = reads.get(key);
        if (!read) return reads.size < maxRunning ? await lead(key, run) : await run();
        if (read.waiting >= maxWaiting) return await run();
        read.waiting += 1;
        try {
          const answer = await untilAbort(read.ended, signal);
          if (answer) return { answer, cached: true };
        } finally {
          read.waiting -= 1;
        }
      }
    },
  };
}
