import { systemClock } from '../../clock.ts';
import type { Answer } from '../../content.ts';
import type { Step, CheckedConnector, Trace } from './checked-connector.ts';
import { faultOfFailure, mayWrite } from './problem.ts';
import type { TestHost } from './test-host.ts';

const limitMs = 200;
/** A moment in which the machine is busy says nothing about the connector, so the best of several attempts counts. */
const maxAttempts = 3;

/** Aborts each request of each example, one after the other, while the vendor is silent. Returns what took too long by the real clock. */
export async function abortInTime(checked: CheckedConnector): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const trace of await checked.successes()) {
    for (const step of trace.steps) {
      const problem = await bestAttempt(() =>
        checked.withTestHost({ tool: trace.tool.name }, (testHost) => abortOnce(testHost, trace, step)),
      );
      if (problem !== undefined) problems.push(`${trace.tool.name}, ${step.name}: ${problem}`);
    }
  }
  return problems;
}

/** Returns the last problem, or undefined if one of the attempts had none. */
export async function bestAttempt(attempt: () => Promise<string | undefined>): Promise<string | undefined> {
  let problem: string | undefined;
  for (let n = 0; n < maxAttempts; n += 1) {
    problem = await attempt();
    if (problem === undefined) break;
  }
  return problem;
}

async function abortOnce(testHost: TestHost, trace: Trace, step: Step): Promise<string | undefined> {
  let answer: Answer | undefined;
  const problem = await afterAbort(testHost, step, async (signal) => {
    answer = await testHost.call(trace.tool.name, trace.example, signal);
  });
  if (problem !== undefined || !answer) return problem;
  return faultOfFailure(testHost, answer, mayWrite(trace, step) ? ['OUTCOME_UNKNOWN'] : ['CANCELLED']);
}

/** Aborts `work` while the vendor is silent at one of its requests. Returns the problem with the way the work ends, if any. */
export async function afterAbort(
  { sandbox }: TestHost,
  { match }: Step,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<string | undefined> {
  if (!sandbox) return undefined;
  const caller = new AbortController();
  sandbox.misbehave({ kind: 'hang', times: 1_000, match });
  const sent = sandbox.received(match);
  const working = work(caller.signal);
  const request = await Promise.race([sent, working]);
  // The work ended without sending this request.
  if (!request) return void sent.catch(() => {});
  const startedAt = systemClock.now();
  caller.abort();
  await working;
  const tookMs = systemClock.now() - startedAt;
  if (tookMs > limitMs)
    return `ends ${tookMs} ms after the abort: pass the context on to http, and its signal to everything else that waits`;
  const left = new AbortController();
  const ended = await Promise.race([request.ended, systemClock.sleep(1_000, left.signal).catch(() => {})]);
  left.abort();
  return ended === 'closed' ? undefined : 'leaves its socket open after the abort';
}
