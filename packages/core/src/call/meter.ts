import type { Catalog } from '../catalog/catalog.ts';
import type { Clock } from '../clock.ts';
import type { Answer } from '../content.ts';
import { ToolError } from '../errors.ts';
import type { Admission, Metering, Outcome } from '../ports/metering.ts';
import { wroteOf } from '../upstream/upstream-scope.ts';
import { AskSignal, type ActiveCall } from './active-call.ts';
import { AdmissionGate } from './admission-gate.ts';
import { errorAnswer, maskError, redactError } from './error-answer.ts';
import { refusedReads } from './refused-reads.ts';
import type { ToolAnswer } from './show-output.ts';
import { noteUnavailableTools } from './unavailable-tools.ts';

/** The result of the metered part of a call. */
export interface ToolRun extends ToolAnswer {
  /** Whether the answer comes from the cache or from an equal read, because this call's tool did not run or failed. */
  readonly cached?: boolean;
}

/**
 * Accounts for calls. Admits a call or replays the answer to an earlier one, runs an admitted call, and settles it exactly once. The caller
 * gets an answer only after the settlement.
 *
 * A write is admitted before it runs. A read is admitted just before its first upstream request. A read that the cache or this process
 * answers without upstream requests is recorded in one write when it ends. After a refusal, the caller's next read with the same tool is
 * admitted before it runs, so that a caller without quota causes no work.
 */
export class Meter {
  readonly #metering: Metering;
  readonly #clock: Clock;
  readonly #catalog: Catalog;
  readonly #run: (active: ActiveCall) => Promise<ToolRun>;
  readonly #refused = refusedReads();

  constructor(metering: Metering, clock: Clock, catalog: Catalog, run: (active: ActiveCall) => Promise<ToolRun>) {
    this.#metering = metering;
    this.#clock = clock;
    this.#catalog = catalog;
    this.#run = run;
  }

  /**
   * Runs a call and accounts for it. @throws {AskSignal} if the tool asks the caller a question. @throws {ToolError} if the call is refused
   * or cannot be settled.
   */
  run(active: ActiveCall): Promise<Answer> {
    return active.call.effect === 'read' ? this.#runRead(active) : this.#admitAndRun(active);
  }

  // Why one long function: docs/decisions/0012-v8-and-memory.md
  async #runRead(active: ActiveCall): Promise<Answer> {
    const { call, limit, upstream } = active;
    try {
      if (this.#refused.has(call)) {
        const answer = await this.#admitAndRun(active);
        this.#refused.delete(call);
        return answer;
      }
      limit.throwIfAborted();
      const gate = new AdmissionGate(this.#metering, call, limit);
      upstream.gate = gate;
      const ended = await this.#runToOutcome(active);
      const admitting = gate.close();
      if (admitting) {
        // A refused admission throws here, even if the tool caught it and returned something.
        const admitted = await admitting;
        return admitted.kind === 'replay' ? replayed(active, admitted.answer) : await this.#settle(active, admitted.admission, ended);
      }
      try {
        await this.#metering.record(call, ended.outcome);
      } catch (error) {
        throw ToolError.is(error) ? error : unsettled(active, ended.outcome, error);
      }
      return answerOf(active, ended);
    } catch (error) {
      if (active.status === 'refused' && !limit.aborted) this.#refused.add(call);
      throw unadmitted(active, error);
    }
  }

  async #admitAndRun(active: ActiveCall): Promise<Answer> {
    active.limit.throwIfAborted();
    let admitted: Awaited<ReturnType<Metering['admit']>>;
    try {
      admitted = await this.#metering.admit(active.call, active.limit);
    } catch (error) {
      throw unadmitted(active, error);
    }
    return admitted.kind === 'replay'
      ? replayed(active, admitted.answer)
      : await this.#settle(active, admitted.admission, await this.#runToOutcome(active));
  }

  /** Runs the call. Never throws, because an error is an outcome too. */
  async #runToOutcome(active: ActiveCall): Promise<EndedCall> {
    const { upstream } = active;
    let ask: AskSignal | undefined;
    let result: RunResult;
    try {
      const { answer, accepted, cached } = await this.#run(active);
      const status = cached ? 'cached' : accepted === undefined ? 'executed' : 'accepted';
      // A tool that returns although the answer to its write was lost has found out that the write happened. Queued work counts as written.
      result = { status, answer, code: undefined, wrote: wroteOf(upstream) === 'no' && accepted === undefined ? 'no' : 'yes', accepted };
    } catch (error) {
      if (error instanceof AskSignal) ask = error;
      result = ask ? askedResult : failedResult(active, error, this.#catalog);
    }
    const { status, answer, code, wrote, accepted } = result;
    // The clock's time may have been corrected during the call.
    const endedAt = Math.max(active.call.startedAt, this.#clock.now());
    return { ask, outcome: { status, answer, code, wrote, accepted, upstreamRequests: upstream.requests, endedAt } };
  }

  async #settle(active: ActiveCall, admission: Admission, ended: EndedCall): Promise<Answer> {
    try {
      await this.#metering.settle(admission, ended.outcome);
    } catch (cause) {
      throw unsettled(active, ended.outcome, cause);
    }
    return answerOf(active, ended);
  }
}

/** A call that has run, and the question with which it ended, if any. */
interface EndedCall {
  readonly outcome: Outcome;
  readonly ask: AskSignal | undefined;
}

/** The answer to a call whose outcome is recorded. */
function answerOf(active: ActiveCall, { outcome, ask }: EndedCall): Answer {
  active.status = outcome.status;
  if (ask) throw ask;
  return outcome.answer;
}

function replayed(active: ActiveCall, answer: Answer): Answer {
  active.status = 'replayed';
  return answer;
}

/** The part of an outcome that the run determines. */
type RunResult = Pick<Outcome, 'status' | 'answer' | 'code' | 'wrote' | 'accepted'>;

const askedResult: RunResult = { status: 'asked', answer: { content: [] }, wrote: 'no' };

function failedResult(active: ActiveCall, error: unknown, catalog: Catalog): RunResult {
  const { call, request, upstream, warnings, redactor } = active;
  const failure = redactError(maskError(error, call.callId, active.log), redactor);
  const notes = warnings.map((warning) => redactor.text(`Warning: ${warning}`));
  const unavailable = noteUnavailableTools(catalog, request.principal, failure.message);
  if (unavailable !== undefined) notes.unshift(unavailable);
  const wrote = wroteOf(upstream);
  if (wrote === 'unknown' || failure.code === 'OUTCOME_UNKNOWN') {
    const unknown =
      failure.code === 'OUTCOME_UNKNOWN'
        ? failure
        : new ToolError(
            'OUTCOME_UNKNOWN',
            `A write was sent and its answer was lost: it may or may not have happened. ${failure.message} Check whether it happened before you repeat the call.`,
          );
    return { status: 'unknown', answer: errorAnswer(unknown, call.callId, notes), code: unknown.code, wrote: 'unknown' };
  }
  if (wrote === 'yes') notes.unshift('A write of this call was made before it failed. Check what was written before you repeat it.');
  return { status: 'failed', answer: errorAnswer(failure, call.callId, notes), code: failure.code, wrote };
}

/** The error for a call that was not admitted. A refusal stays unchanged. Any other error means that the metering could not decide. */
function unadmitted(active: ActiveCall, error: unknown): unknown {
  if (ToolError.is(error) || error instanceof AskSignal) return error;
  active.log.error({ err: error }, 'a call could not be admitted');
  return new ToolError('UNAVAILABLE', 'This call could not be recorded, so it did not run. Try again shortly.', { cause: error });
}

/** The error for a call whose outcome could not be recorded. The caller of such a call never gets a success. */
function unsettled(active: ActiveCall, { status, wrote }: Outcome, cause: unknown): ToolError {
  active.log.error({ err: cause, status, wrote }, 'a call could not be settled');
  active.status = wrote === 'no' ? 'failed' : 'unknown';
  return wrote === 'no'
    ? new ToolError('UNAVAILABLE', 'The result of this call could not be recorded, so it is not returned. Try again shortly.', { cause })
    : new ToolError('OUTCOME_UNKNOWN', 'A write was made, but its record failed. Check what was written before you repeat the call.', {
        cause,
      });
}
