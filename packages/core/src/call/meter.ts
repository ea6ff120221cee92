import type { Answer } from '../content.ts';
import type { Clock } from '../clock.ts';
import { ToolError } from '../errors.ts';
import type { Admission, Metering, Outcome } from '../ports/metering.ts';
import { wroteOf } from '../upstream/upstream-scope.ts';
import { AskSignal, type ActiveCall } from './active-call.ts';
import { AdmissionGate } from './admission-gate.ts';
import { errorAnswer, maskError, redactError } from './error-answer.ts';
import { refusedReads } from './refused-reads.ts';
import type { ShownOutput } from './show-output.ts';

/** What the metered part of a call came to. */
export interface ToolRun extends ShownOutput {
  /** Answered from the cache, or by an equal read: the tool did not run, or failed. */
  readonly cached?: boolean;
}

/**
 * Makes the step that accounts for a call: admits it, or replays what an equal call was answered; runs it; settles it once, whatever
 * happened. An answer is given only after its settlement.
 *
 * A read changes nothing here, so it is not admitted before it runs, but before it goes out: its first request to the vendor waits for that.
 * One that never went out, since the cache or work of this process answered it, is recorded whole when it has ended. Where the one like it
 * before was refused, it is admitted first, so that a caller whose quota is used up makes no work.
 */
export function meter(metering: Metering, clock: Clock, run: (active: ActiveCall) => Promise<ToolRun>) {
  const refused = refusedReads();

  return (active: ActiveCall): Promise<Answer> => (active.call.effect === 'read' ? meterRead(active) : admitFirst(active));

  // One function, though it is long: each asynchronous one that a call waits in is more for the collector to copy while it waits.
  async function meterRead(active: ActiveCall): Promise<Answer> {
    const { call, limit, upstream } = active;
    try {
      if (refused.has(call)) {
        const answer = await admitFirst(active);
        refused.delete(call);
        return answer;
      }
      limit.throwIfAborted();
      const gate = new AdmissionGate(metering, call, limit);
      upstream.gate = gate;
      const end = await runToOutcome(active);
      const admitting = gate.close();
      if (admitting) {
        // Whatever the tool made of a refusal on its way out, the refusal is what its caller hears.
        const admitted = await admitting;
        return admitted.kind === 'replay' ? replayed(active, admitted.answer) : await settle(active, admitted.admission, end);
      }
      try {
        await metering.record(call, end.outcome);
      } catch (error) {
        throw ToolError.is(error) ? error : unsettled(active, end.outcome, error);
      }
      return answerOf(active, end);
    } catch (error) {
      if (active.status === 'refused' && !limit.aborted) refused.add(call);
      throw error;
    }
  }

  async function admitFirst(active: ActiveCall): Promise<Answer> {
    const admitted = await metering.admit(active.call, active.limit);
    return admitted.kind === 'replay'
      ? replayed(active, admitted.answer)
      : await settle(active, admitted.admission, await runToOutcome(active));
  }

  /** Runs the call. Never throws: how it ended, well or not, is its outcome. */
  async function runToOutcome(active: ActiveCall): Promise<CallOutcome> {
    const { upstream } = active;
    let asked: AskSignal | undefined;
    let ended: RunResult;
    try {
      const { answer, accepted, cached } = await run(active);
      const status = cached ? 'cached' : accepted === undefined ? 'executed' : 'accepted';
      // A tool that lost an answer and returns all the same has found out what became of its write. Queued work is as good as done.
      ended = { status, answer, code: undefined, wrote: wroteOf(upstream) === 'no' && accepted === undefined ? 'no' : 'yes', accepted };
    } catch (error) {
      if (error instanceof AskSignal) asked = error;
      ended = asked ? askedResult : failedOutcome(active, error);
    }
    const { status, answer, code, wrote, accepted } = ended;
    return { asked, outcome: { status, answer, code, wrote, accepted, upstreamRequests: upstream.requests, endedAt: clock.now() } };
  }

  async function settle(active: ActiveCall, admission: Admission, end: CallOutcome): Promise<Answer> {
    try {
      await metering.settle(admission, end.outcome);
    } catch (cause) {
      throw unsettled(active, end.outcome, cause);
    }
    return answerOf(active, end);
  }
}

/** How a run ended, and what it asks of its caller. */
interface CallOutcome {
  readonly outcome: Outcome;
  readonly asked: AskSignal | undefined;
}

/** What the caller hears of an end that is on record. */
function answerOf(active: ActiveCall, { outcome, asked }: CallOutcome): Answer {
  active.status = outcome.status;
  if (asked) throw asked;
  return outcome.answer;
}

function replayed(active: ActiveCall, answer: Answer): Answer {
  active.status = 'replayed';
  return answer;
}

/** What the run itself says of its outcome. */
type RunResult = Pick<Outcome, 'status' | 'answer' | 'code' | 'wrote' | 'accepted'>;

const askedResult: RunResult = { status: 'asked', answer: { content: [] }, wrote: 'no' };

function failedOutcome(active: ActiveCall, error: unknown): RunResult {
  const { call, upstream, warnings, redactor } = active;
  const shown = redactError(maskError(error, call.callId, active.log), redactor);
  const notes = warnings.map((warning) => redactor.text(`Warning: ${warning}`));
  const wrote = wroteOf(upstream);
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
