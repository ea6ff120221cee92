import { systemClock } from '../../clock.ts';
import { faultOfFailure, mayWrite } from './problem.ts';
import type { Stage } from './stage.ts';
import type { Step, Subject, Trace } from './subject.ts';

const mostMs = 200;
/** A machine that is busy for a moment says nothing of the connector, so the best of so many counts. */
const tries = 3;

/** Aborts each request of each example while the vendor is silent, one after the other, and says what took too long by the real clock. */
export async function abortInTime(subject: Subject): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const trace of await subject.good()) {
    for (const step of trace.steps) {
      let problem: string | undefined;
      for (let n = 0; n < tries; n += 1) {
        problem = await subject.onStage({ tool: trace.tool.name }, (stage) => abortOnce(stage, trace, step));
        if (problem === undefined) break;
      }
      if (problem !== undefined) problems.push(`${trace.tool.name}, ${step.name}: ${problem}`);
    }
  }
  return problems;
}

async function abortOnce({ sandbox, ...stage }: Stage, trace: Trace, step: Step): Promise<string | undefined> {
  if (!sandbox) return undefined;
  const caller = new AbortController();
  sandbox.misbehave({ kind: 'hang', times: 1_000, match: step.match });
  const calling = stage.call(trace.tool.name, trace.example, caller.signal);
  const request = await sandbox.received(step.match);
  const startedAt = systemClock.now();
  caller.abort();
  const answer = await calling;
  const tookMs = systemClock.now() - startedAt;
  if (tookMs > mostMs) return `ends ${tookMs} ms after the abort: pass the context on to http, and its signal to whatever else waits`;
  const left = new AbortController();
  const ended = await Promise.race([request.ended, systemClock.sleep(1_000, left.signal).catch(() => {})]);
  left.abort();
  if (ended !== 'closed') return 'leaves its socket open after the abort';
  return faultOfFailure({ sandbox, ...stage }, answer, mayWrite(trace, step) ? ['OUTCOME_UNKNOWN'] : ['CANCELLED']);
}
