import type { Answer } from '../content.ts';
import type { Clock } from '../clock.ts';
import { ToolError } from '../errors.ts';
import type { Metering, Outcome } from '../metering.ts';
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
 * Makes the step that accounts for a call: admits it, or replays what an equal call was answered; runs it; settles it once, whatever
 * happened. An answer is given only after its settlement.
 */
export function meter(metering: Metering, clock: Clock, run: (active: ActiveCall) => Promise<Ran>) {
  return async (active: ActiveCall): Promise<Answer> => {
    const { call, limit, tally } = active;
    const admitted = await metering.admit(call, limit);
    if (admitted.kind === 'replay') {
      active.status = 'replayed';
      return admitted.answer;
    }
    let asked: AskSignal | undefined;
    let ended: Ended;
    try {
      const { answer, accepted, cached } = await run(active);
      const status = cached ? 'cached' : accepted === undefined ? 'executed' : 'accepted';
      // A tool that lost an answer and returns all the same has found out what became of its write. Queued work is as good as done.
      ended = { status, answer, code: undefined, wrote: wroteOf(tally) === 'no' && accepted === undefined ? 'no' : 'yes', accepted };
    } catch (error) {
      if (error instanceof AskSignal) asked = error;
      ended = asked ? askedOnly : failedOutcome(active, error);
    }
    const { status, answer, code, wrote, accepted } = ended;
    active.status = status;
    const outcome: Outcome = { status, answer, code, wrote, accepted, upstreamRequests: tally.requests, endedAt: clock.now() };
    try {
      await metering.settle(admitted.admission, outcome);
    } catch (cause) {
      throw unsettled(active, outcome, cause);
    }
    if (asked) throw asked;
    return answer;
  };
}

/** What the run itself says of its outcome. */
type Ended = Pick<Outcome, 'status' | 'answer' | 'code' | 'wrote' | 'accepted'>;

const askedOnly: Ended = { status: 'asked', answer: { content: [] }, wrote: 'no' };

function failedOutcome(active: ActiveCall, error: unknown): Ended {
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

/** What the caller hears where the end of its call could not be recorded: never success. */
function unsettled(active: ActiveCall, { status, wrote }: Outcome, cause: unknown): ToolError {
  active.log.error({ err: cause, status, wrote }, 'a call could not be settled');
  active.status = wrote === 'no' ? 'failed' : 'unknown';
  return wrote === 'no'
    ? new ToolError('UNAVAILABLE', 'The result of this call could not be recorded, so it is not given. Try again shortly.', { cause })
    : new ToolError('OUTCOME_UNKNOWN', 'A write was made, but its record failed. Look at what is there before you repeat the call.', {
        cause,
      });
}
