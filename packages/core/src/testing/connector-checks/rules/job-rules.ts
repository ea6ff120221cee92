import type { Job } from '../../../connector/connector.ts';
import { ToolError } from '../../../errors.ts';
import { afterAbort, bestAttempt } from '../abort.ts';
import { recordSteps, type Step, type CheckedConnector } from '../checked-connector.ts';
import { writesIn } from '../problem.ts';
import type { Rule } from '../rule.ts';
import type { TestHost } from '../test-host.ts';

/** The vendor's failures during a job. */
const faults = [
  { name: 'a 500', misbehaviour: { kind: 'status', status: 500 } },
  { name: 'a proxy’s error page', misbehaviour: { kind: 'html', status: 502 } },
  { name: 'a connection that is reset', misbehaviour: { kind: 'reset' } },
  { name: 'null', misbehaviour: { kind: 'status', status: 200, body: null } },
  { name: 'an empty body', misbehaviour: { kind: 'status', status: 200, body: '' } },
] as const;

const often = 1_000;

/** How a connector's jobs behave. Each job works on the records that the tools' examples left behind. */
export const jobRules: readonly Rule[] = [
  {
    name: 'writes nothing in a job that runs again right away',
    why: 'A job runs again after a crash, on another replica, and when the host drains. It must not repeat work that it has done.',
    appliesTo: 'jobs',
    find: (checked) =>
      overJobs(checked, async (testHost, job) => {
        const failure = await failureOf(testHost, job);
        if (failure !== undefined) return `fails though nothing is wrong: ${String(failure)}`;
        const before = testHost.watch.requested.length;
        await failureOf(testHost, job);
        return writesIn(testHost.watch.requested.slice(before)).map(({ method, path }) => `sends ${method} ${path} a second time`);
      }),
  },
  {
    name: 'ends a job as documented, however the vendor fails',
    why: 'A job that fails with a ToolError runs again later. Any other error is a bug, and no caller sees it.',
    appliesTo: 'jobs',
    find: (checked) =>
      overJobSteps(checked, async (onFreshHost) => {
        const problems: string[] = [];
        for (const { name, misbehaviour } of faults) {
          const failure = await onFreshHost(async (testHost, job, step) => {
            testHost.sandbox?.misbehave({ ...misbehaviour, times: often, match: step.match });
            return await failureOf(testHost, job);
          });
          if (failure !== undefined && !ToolError.is(failure)) problems.push(`at ${name} it throws ${String(failure)}`);
        }
        return problems;
      }),
  },
  {
    name: 'repeats the work of a job later if the vendor refused it temporarily',
    why: 'An entry that leaves the outbox before the vendor has it is lost, though its caller read that it was accepted.',
    appliesTo: 'jobs',
    find: (checked) =>
      overJobSteps(checked, (onFreshHost) =>
        onFreshHost(async (testHost, job, step) => {
          if (writesIn([step.requested]).length === 0) return [];
          testHost.sandbox?.misbehave({ kind: 'status', status: 429, times: often, match: step.match, headers: { 'retry-after': '0' } });
          await failureOf(testHost, job);
          testHost.sandbox?.recover();
          const before = testHost.requests().length;
          const failure = await failureOf(testHost, job);
          if (failure !== undefined) return [`fails in the next run, though nothing is wrong any more: ${String(failure)}`];
          const again = testHost.requests().slice(before);
          return again.some((request) => typeof step.match === 'function' && step.match(request)) ? [] : ['is not sent in the next run'];
        }),
      ),
  },
  {
    name: 'ends a job within 200 ms of an abort, and closes its socket',
    why: 'A host that drains, or that has lost the job’s lease to another replica, must not continue the job.',
    appliesTo: 'jobs',
    find: (checked) =>
      overJobSteps(checked, async (onFreshHost) => {
        const abortOnce = (testHost: TestHost, job: Job<unknown>, step: Step) =>
          afterAbort(testHost, step, async (signal) => {
            await failureOf(testHost, job, signal);
          });
        return (await bestAttempt(() => onFreshHost(abortOnce))) ?? [];
      }),
  },
];

/** Runs a job, and returns the error if it fails. */
async function failureOf(testHost: TestHost, job: Job<unknown>, signal?: AbortSignal): Promise<unknown> {
  try {
    await testHost.runJob(job, signal);
    return undefined;
  } catch (error) {
    return error ?? new Error('nothing');
  }
}

/** Runs `probe` for each job on a test host where every writing tool has run its example. Prefixes the problems with the job. */
async function overJobs(
  checked: CheckedConnector,
  probe: (testHost: TestHost, job: Job<unknown>) => Promise<readonly string[] | string>,
): Promise<string[]> {
  const found = (checked.connector.jobs ?? []).map(async (job) => {
    const problems = await withWorkForJobs(checked, (testHost) => probe(testHost, job));
    return [problems].flat().map((problem) => `${job.name}: ${problem}`);
  });
  return (await Promise.all(found)).flat();
}

async function withWorkForJobs<R>(checked: CheckedConnector, work: (testHost: TestHost) => Promise<R>): Promise<R> {
  const writers = (await checked.successes()).filter(({ tool }) => tool.effect !== 'read');
  return await checked.withTestHost({}, async (testHost) => {
    for (const { tool, example } of writers) await testHost.call(tool.name, example);
    return await work(testHost);
  });
}

/** Runs `probe` for each request of each job. `probe` may open as many test hosts as it needs. Prefixes the problems with the request. */
async function overJobSteps(
  checked: CheckedConnector,
  probe: (
    onTestHost: <R>(work: (testHost: TestHost, job: Job<unknown>, step: Step) => Promise<R>) => Promise<R>,
  ) => Promise<readonly string[] | string>,
): Promise<string[]> {
  return await overJobs(checked, async (testHost, job) => {
    const steps = recordSteps(testHost);
    await failureOf(testHost, job);
    const problems: string[] = [];
    for (const step of steps) {
      const problemsOfStep = await probe((work) => withWorkForJobs(checked, (fresh) => work(fresh, job, step)));
      problems.push(...[problemsOfStep].flat().map((problem) => `${step.name}: ${problem}`));
    }
    return problems;
  });
}
