import type { Clock } from '../clock.ts';
import type { Job } from '../connector/connector.ts';
import type { JobContext } from '../connector/context.ts';
import { textStart } from '../connector/truncate.ts';
import type { Logger } from '../logger.ts';
import type { Cache } from '../ports/cache.ts';
import type { Metering } from '../ports/metering.ts';
import type { OpenConnection } from '../upstream/clients.ts';
import { upstreamScopeOf, wroteOf } from '../upstream/upstream-scope.ts';
import { workContext } from './work-context.ts';

/** One run of a job. */
export interface JobRun {
  readonly open: OpenConnection;
  readonly job: Job<unknown>;
  readonly clock: Clock;
  /** Redacts the connection's secrets. */
  readonly log: Logger;
  readonly metering: Pick<Metering, 'report'>;
  readonly cache: Pick<Cache, 'clear'>;
  readonly timeoutMs: number;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

const maxMessageLength = 500;
// A run that ignores its signal is abandoned after this time. The same signal ends its upstream requests.
const abandonAfterMs = 1_000;

/**
 * Runs a job in its own context, and resolves when its reports are recorded. Throws the job's error, or the reason why the run was stopped.
 */
export async function runJob({ open, job, clock, log, metering, cache, timeoutMs, signal }: JobRun): Promise<void> {
  const context = workContext({ open, clock, log, timeoutMs, signal, name: `job:${job.name}`, mayWrite: true });
  let reports = Promise.resolve();
  const report: JobContext['report'] = (accepted, outcome, text) => {
    const message = text === undefined ? {} : { message: textStart(open.redactor.text(text), maxMessageLength).toWellFormed() };
    reports = reports
      .then(() => metering.report({ connector: open.connector.id, connection: open.connection.id, accepted, outcome, ...message }))
      .catch((err: unknown) => log.error({ accepted, outcome, err }, 'a delivery report was not recorded'));
  };
  const { promise: abandoned, reject: abandon } = Promise.withResolvers<never>();
  let cancelTimer = (): void => {};
  const startTimer = (): void => {
    cancelTimer = clock.timer(abandonAfterMs, () => abandon(context.signal.reason));
  };
  if (context.signal.aborted) startTimer();
  else context.signal.addEventListener('abort', startTimer);
  try {
    await Promise.race([(async () => job.run(open.client, { ...context, report }))(), abandoned]);
  } finally {
    context.signal.removeEventListener('abort', startTimer);
    cancelTimer();
    context.end();
    if (wroteOf(upstreamScopeOf(context)) !== 'no')
      await cache.clear(open.connection.id).catch((err: unknown) => log.warn({ err }, 'the cache failed'));
    await reports;
  }
}
