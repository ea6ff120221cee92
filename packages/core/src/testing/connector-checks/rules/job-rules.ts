import type { Job } from '../../../connector/connector.ts';
import { ToolError } from '../../../errors.ts';
import { afterAbort, bestOfTries } from '../abort.ts';
import { writesIn } from '../problem.ts';
import type { Rule } from '../rule.ts';
import type { TestHost } from '../test-host.ts';
import { recordSteps, type Step, type CheckedConnector } from '../checked-connector.ts';

/** How a vendor fails a job. */
const faults = [
  { name: 'a 500', misbehaviour: { kind: 'status', status: 500 } },
  { name: 'a proxy’s error page', misbehaviour: { kind: 'html', status: 502 } },
  { name: 'a connection that is reset', misbehaviour: { kind: 'reset' } },
  { name: 'null', misbehaviour: { kind: 'status', status: 200, body: null } },
  { name: 'an empty body', misbehaviour: { kind: 'status', status: 200, body: '' } },
] as const;

const often = 1_000;

/** What a connector does outside of calls. Each job finds what the examples of the tools have left for it. */
export const jobRules: readonly Rule[] = [
  {
    name: 'writes nothing in a job that runs again right away',
    why: 'A job runs again after a crash, on another replica, and when the host drains. What it did once is not to be done again.',
    concerns: 'jobs',
    find: (checked) =>
      overJobs(checked, async (testHost, job) => {
        const failed = await failureOf(testHost, job);
        if (failed !== undefined) return `fails where nothing is wrong: ${String(failed)}`;
        const before = testHost.watch.requested.length;
        await failureOf(testHost, job);
        return writesIn(testHost.watch.requested.slice(before)).map(({ method, path }) => `sends ${method} ${path} a second time`);
      }),
  },
  {
    name: 'ends a job as documented, however the vendor fails',
    why: 'A job that fails with a ToolError runs again later. Anything else is a fault of the code, that nobody is there to hear of.',
    concerns: 'jobs',
    find: (checked) =>
      overJobSteps(checked, async (onFreshHost) => {
        const problems: string[] = [];
        for (const { name, misbehaviour } of faults) {
          const failed = await onFreshHost(async (testHost, job, step) => {
            testHost.sandbox?.misbehave({ ...misbehaviour, times: often, match: step.match });
            return await failureOf(testHost, job);
          });
          if (failed !== undefined && !ToolError.is(failed)) problems.push(`at ${name} it throws ${String(failed)}`);
        }
        return problems;
      }),
  },
  {
    name: 'repeats the work of a job later if the vendor refused it temporarily',
    why: 'What was taken out of an outbox before the vendor had it is lost, though a caller was told that it was accepted.',
    concerns: 'jobs',
    find: (checked) =>
      overJobSteps(checked, (onFreshHost) =>
        onFreshHost(async (testHost, job, step) => {
          if (writesIn([step.requested]).length === 0) return [];
          testHost.sandbox?.misbehave({ kind: 'status', status: 429, times: often, match: step.match, headers: { 'retry-after': '0' } });
          await failureOf(testHost, job);
          testHost.sandbox?.recover();
          const before = testHost.requests().length;
          const failed = await failureOf(testHost, job);
          if (failed !== undefined) return [`fails in the next run, though nothing is wrong any more: ${String(failed)}`];
          const again = testHost.requests().slice(before);
          return again.some((request) => typeof step.match === 'function' && step.match(request)) ? [] : ['is not sent in the next run'];
        }),
      ),
  },
  {
    name: 'ends a job within 200 ms of an abort, and closes its socket',
    why: 'A host that drains, or has lost the lease of the job to another replica, may not go on with it.',
    concerns: 'jobs',
    find: (checked) =>
      overJobSteps(checked, async (onFreshHost) => {
        const abortOnce = (testHost: TestHost, job: Job<unknown>, step: Step) =>
          afterAbort(testHost, step, async (signal) => {
            await failureOf(testHost, job, signal);
          });
        return (await bestOfTries(() => onFreshHost(abortOnce))) ?? [];
      }),
  },
];

/** What a run fails with. Undefined: it does not. */
async function failureOf(testHost: TestHost, job: Job<unknown>, signal?: AbortSignal): Promise<unknown> {
  try {
    await testHost.runJob(job, signal);
    return undefined;
  } catch (error) {
    return error ?? new Error('nothing');
  }
}

/** What `probe` finds in each job, on a testHost where every tool that writes has run its example. */
async function overJobs(
  checked: CheckedConnector,
  probe: (testHost: TestHost, job: Job<unknown>) => Promise<readonly string[] | string>,
): Promise<string[]> {
  const found = (checked.connector.jobs ?? []).map(async (job) => {
    const problems = await atWork(checked, (testHost) => probe(testHost, job));
    return [problems].flat().map((problem) => `${job.name}: ${problem}`);
  });
  return (await Promise.all(found)).flat();
}

async function atWork<R>(checked: CheckedConnector, work: (testHost: TestHost) => Promise<R>): Promise<R> {
  const writers = (await checked.good()).filter(({ tool }) => tool.effect !== 'read');
  return await checked.withTestHost({}, async (testHost) => {
    for (const { tool, example } of writers) await testHost.call(tool.name, example);
    return await work(testHost);
  });
}

/** What `probe` finds in each request of each job, with as many stages as it asks for. */
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
      const here = await probe((work) => atWork(checked, (fresh) => work(fresh, job, step)));
      problems.push(...[here].flat().map((problem) => `${step.name}: ${problem}`));
    }
    return problems;
  });
}
