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
    find: (subject) =>
      overJobs(subject, async (stage, job) => {
        const failed = await failureOf(stage, job);
        if (failed !== undefined) return `fails where nothing is wrong: ${String(failed)}`;
        const before = stage.watch.requested.length;
        await failureOf(stage, job);
        return writesIn(stage.watch.requested.slice(before)).map(({ method, path }) => `sends ${method} ${path} a second time`);
      }),
  },
  {
    name: 'ends a job as documented, however the vendor fails',
    why: 'A job that fails with a ToolError runs again later. Anything else is a fault of the code, that nobody is there to hear of.',
    concerns: 'jobs',
    find: (subject) =>
      overJobSteps(subject, async (onFresh) => {
        const problems: string[] = [];
        for (const { name, misbehaviour } of faults) {
          const failed = await onFresh(async (stage, job, step) => {
            stage.sandbox?.misbehave({ ...misbehaviour, times: often, match: step.match });
            return await failureOf(stage, job);
          });
          if (failed !== undefined && !ToolError.is(failed)) problems.push(`at ${name} it throws ${String(failed)}`);
        }
        return problems;
      }),
  },
  {
    name: 'does the work of a job later that the vendor refused for the moment',
    why: 'What was taken out of an outbox before the vendor had it is lost, though a caller was told that it was accepted.',
    concerns: 'jobs',
    find: (subject) =>
      overJobSteps(subject, (onFresh) =>
        onFresh(async (stage, job, step) => {
          if (writesIn([step.requested]).length === 0) return [];
          stage.sandbox?.misbehave({ kind: 'status', status: 429, times: often, match: step.match, headers: { 'retry-after': '0' } });
          await failureOf(stage, job);
          stage.sandbox?.recover();
          const before = stage.requests().length;
          const failed = await failureOf(stage, job);
          if (failed !== undefined) return [`fails in the next run, though nothing is wrong any more: ${String(failed)}`];
          const again = stage.requests().slice(before);
          return again.some((request) => typeof step.match === 'function' && step.match(request)) ? [] : ['is not sent in the next run'];
        }),
      ),
  },
  {
    name: 'ends a job within 200 ms of an abort, and closes its socket',
    why: 'A host that drains, or has lost the lease of the job to another replica, may not go on with it.',
    concerns: 'jobs',
    find: (subject) =>
      overJobSteps(subject, async (onFresh) => {
        const abortOnce = (stage: TestHost, job: Job<unknown>, step: Step) =>
          afterAbort(stage, step, async (signal) => {
            await failureOf(stage, job, signal);
          });
        return (await bestOfTries(() => onFresh(abortOnce))) ?? [];
      }),
  },
];

/** What a run fails with. Undefined: it does not. */
async function failureOf(stage: TestHost, job: Job<unknown>, signal?: AbortSignal): Promise<unknown> {
  try {
    await stage.runJob(job, signal);
    return undefined;
  } catch (error) {
    return error ?? new Error('nothing');
  }
}

/** What `probe` finds in each job, on a stage where every tool that writes has run its example. */
async function overJobs(
  subject: CheckedConnector,
  probe: (stage: TestHost, job: Job<unknown>) => Promise<readonly string[] | string>,
): Promise<string[]> {
  const found = (subject.connector.jobs ?? []).map(async (job) => {
    const problems = await atWork(subject, (stage) => probe(stage, job));
    return [problems].flat().map((problem) => `${job.name}: ${problem}`);
  });
  return (await Promise.all(found)).flat();
}

async function atWork<R>(subject: CheckedConnector, work: (stage: TestHost) => Promise<R>): Promise<R> {
  const writers = (await subject.good()).filter(({ tool }) => tool.effect !== 'read');
  return await subject.withTestHost({}, async (stage) => {
    for (const { tool, example } of writers) await stage.call(tool.name, example);
    return await work(stage);
  });
}

/** What `probe` finds in each request of each job, with as many stages as it asks for. */
async function overJobSteps(
  subject: CheckedConnector,
  probe: (
    onStage: <R>(work: (stage: TestHost, job: Job<unknown>, step: Step) => Promise<R>) => Promise<R>,
  ) => Promise<readonly string[] | string>,
): Promise<string[]> {
  return await overJobs(subject, async (stage, job) => {
    const steps = recordSteps(stage);
    await failureOf(stage, job);
    const problems: string[] = [];
    for (const step of steps) {
      const here = await probe((work) => atWork(subject, (fresh) => work(fresh, job, step)));
      problems.push(...[here].flat().map((problem) => `${step.name}: ${problem}`));
    }
    return problems;
  });
}
