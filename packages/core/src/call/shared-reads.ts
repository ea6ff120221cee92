import { answerJson, frozenAnswer } from '../answer-json.ts';
import type { Answer } from '../content.ts';
import { untilAbort } from '../lib/until-abort.ts';
import type { ToolRun } from './meter.ts';

/** The reads that are running in this process. */
export interface SharedReads {
  /**
   * Runs the read, or waits for an equal read that is already running. The wait rejects with the signal's reason when the signal aborts. If
   * the running read ends without an answer, for any reason, the first of the waiting calls runs its own read.
   */
  share(key: string, signal: AbortSignal, run: () => Promise<ToolRun>): Promise<ToolRun>;
}

/** The bounds of {@link sharedReads}. A read beyond them is not shared. */
export interface SharedReadsOptions {
  /** The maximum number of running reads that other calls may wait for. Default 1,000. */
  readonly maxRunning?: number;
  /** The maximum number of calls that may wait for the same read. Default 1,000. */
  readonly maxWaiting?: number;
}

interface Running {
  readonly ended: Promise<Answer | undefined>;
  waiting: number;
}

/** Lets equal reads share one run. Freezes the answer that waiting calls get, because they share it. */
export function sharedReads({ maxRunning = 1_000, maxWaiting = 1_000 }: SharedReadsOptions = {}): SharedReads {
  const reads = new Map<string, Running>();

  async function runFirst(key: string, run: () => Promise<ToolRun>): Promise<ToolRun> {
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
    const read: Running = { ended: promise, waiting: 0 };
    reads.set(key, read);
    let answer: Answer | undefined;
    try {
      const result = await run();
      if (read.waiting > 0) answer = frozenAnswer(answerJson(result.answer));
      return result;
    } finally {
      reads.delete(key);
      resolve(answer);
    }
  }

  return {
    async share(key, signal, run) {
      for (;;) {
        const read = reads.get(key);
        if (!read) return reads.size < maxRunning ? await runFirst(key, run) : await run();
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
