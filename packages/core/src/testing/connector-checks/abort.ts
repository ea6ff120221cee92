import type { Answer } from '../../content.ts';
import { systemClock } from '../../clock.ts';
import { faultOfFailure, mayWrite } from './problem.ts';
import type { TestHost } from './test-host.ts';
import type { Step, CheckedConnector, Trace } from './checked-connector.ts';

const mostMs = 200;
/** A machine that is busy for a moment says nothing of the connector, so the best of so many counts. */
const tries = 3;

/** Aborts each request of each example while the vendor is silent, one after the other, and says what took too long by the real clock. */
export async function abortInTime(checked: CheckedConnector): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const trace of await checked.good()) {
    for (const step of trace.steps) {
      const problem = await bestOfTries(() =>
        checked.withTestHost({ tool: trace.tool.name }, (testHost) => abortOnce(testHost, trace, step)),
      );
      if (problem !== undefined) problems.push(`${trace.tool.name}, ${step.name}: ${problem}`);
    }
  }
  return problems;
}

/** What is wrong each time. Undefined: once nothing was. */
export async function bestOfTries(attempt: () => Promise<string | undefined>): Promise<string | undefined> {
  let problem: string | undefined;
  for (let n = 0; n < tries; n += 1) {
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

/** Aborts `work` while the vendor is silent at one of its requests, and says what is wrong with how it ends. */
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
  // It ended without that request.
  if (!request) return void sent.catch(() => {});
  const startedAt = systemClock.now();
  caller.abort();
  await working;
  const tookMs = systemClock.now() - startedAt;
  if (tookMs > mostMs) return `ends ${tookMs} ms after the abort: pass the context on to http, and its signal to whatever else waits`;
  const left = new AbortController();
  const ended = await Promise.race([request.ended, systemClock.sleep(1_000, left.signal).catch(() => {})]);
  left.abort();
  return ended === 'closed' ? undefined : 'leaves its socket open after the abort';
}
