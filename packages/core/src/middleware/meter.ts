import type { Answer } from '../content.ts';
import type { Clock } from '../clock.ts';
import { ToolError } from '../errors.ts';
import type { Admission, Metering, Outcome } from '../metering.ts';
import { wroteOf } from '../upstream/tally.ts';
import { AskSignal, type ActiveCall } from './active-call.ts';
import { errorAnswer, maskError, redactError } from './error-answer.ts';
import type { Shown } from './show-output.ts';

/** What the metered part of a call came to. */
export interface Ran extends Shown {
  /** Answered from the cache, or by an equal read: the tool did not run, or failed. */
  readonly cached?: boolean;
}

/**
 * Accounts for a call: admits it, or replays what an equal call was answered; runs it; settles it once, whatever happened. An answer
 * is given only after its settlement.
 */
export async function meter(metering: Metering, clock: Clock, active: ActiveCall, run: () => Promise<Ran>): Promise<Answer> {
  const { call, limit } = active;
  const admitted = await metering.admit(call, limit.signal);
  if (admitted.kind === 'replay') {
    active.status = 'replayed';
    return admitted.answer;
  }
  let asked: AskSignal | undefined;
  let outcome: Pick<Outcome, 'status' | 'answer' | 'code' | 'wrote' | 'accepted'>;
  try {
    const { answer, accepted, cached } = await run();
    // A tool that lost an answer and returns all the same has found out what became of its write. Queued work is as good as done.
    const wrote = wroteOf(active.tally) === 'no' && accepted === undefined ? 'no' : 'yes';
    outcome = { status: cached ? 'cached' : accepted === undefined ? 'executed' : 'accepted', answer, wrote, accepted };
  } catch (error) {
    if (error instanceof AskSignal) {
      asked = error;
      outcome = { status: 'asked', answer: { content: [] }, wrote: 'no' };
    } else outcome = failedOutcome(active, error);
  }
  active.status = outcome.status;
  await settle(metering, clock, active, admitted.admission, outcome);
  if (asked) throw asked;
  return outcome.answer;
}

function failedOutcome(active: ActiveCall, error: unknown): Pick<Outcome, 'status' | 'answer' | 'code' | 'wrote'> {
  const { call, tally, warnings, redactor } = active;
  const shown = redactError(maskError(error, call.callId, active.log), redactor);
  const notes = warnings.map((warning) => redactor.text(`Warning: ${warning}`));
  const wrote = wroteOf(tally);
  if (wrote === 'unknown' || shown.code === 'OUTCOME_UNKNOWN') {
    const unknown =
      shown.code === 'OUTCOME_UNKNOWN'
        ? shown
        : new ToolError(
            'OUTCOME_UNKNOWN',
            `A write was sent and its answer was lost: it may or may not have happened. ${shown.message} Look whether it is there before you repeat the call.`,
          );
    return { status: 'unknown', answer: errorAnswer(unknown, call.callId, notes), code: unknown.code, wrote: 'unknown' };
  }
  if (wrote === 'yes') notes.unshift('A write of this call was made before it failed. Look at what is there before you repeat it.');
  return { status: 'failed', answer: errorAnswer(shown, call.callId, notes), code: shown.code, wrote };
}

async function settle(
  metering: Metering,
  clock: Clock,
  active: ActiveCall,
  admission: Admission,
  outcome: Pick<Outcome, 'status' | 'answer' | 'code' | 'wrote' | 'accepted'>,
): Promise<void> {
  try {
    await metering.settle(admission, { ...outcome, upstreamRequests: active.tally.requests, endedAt: clock.now() });
  } catch (cause) {
    active.log.error({ err: cause, status: outcome.status, wrote: outcome.wrote }, 'a call could not be settled');
    active.status = outcome.wrote === 'no' ? 'failed' : 'unknown';
    throw outcome.wrote === 'no'
      ? new ToolError('UNAVAILABLE', 'The result of this call could not be recorded, so it is not given. Try again shortly.', { cause })
      : new ToolError('OUTCOME_UNKNOWN', 'A write was made, but its record failed. Look at what is there before you repeat the call.', {
          cause,
        });
  }
}
