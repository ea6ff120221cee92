import type { ErrorCode } from '../../../errors.ts';
import { abortInTime } from '../abort.ts';
import type { Step, Trace } from '../checked-connector.ts';
import { codeOf, faultOfFailure, mayWrite, overSteps } from '../problem.ts';
import type { Rule } from '../rule.ts';

/** The statuses with which a vendor refuses a request permanently, with the codes for a model and their meaning. */
const refusals: readonly (readonly [status: number, codes: readonly ErrorCode[], meaning: string])[] = [
  [401, ['UNAUTHENTICATED'], 'a person must replace the credential, and no repetition of the call helps'],
  [403, ['FORBIDDEN'], 'a person must grant the right'],
  [404, ['NOT_FOUND'], 'the model should check the id, or search'],
  [409, ['CONFLICT', 'IDEMPOTENCY_CONFLICT'], 'the model must read the record again before it decides'],
  [422, ['UPSTREAM_REJECTED', 'INVALID_INPUT', 'CONFLICT', 'IDEMPOTENCY_CONFLICT'], 'the model must change the arguments'],
];

/** A moment in which the machine is busy says nothing about the connector: a second attempt gives the other requests more time. */
const silences = [200, 1_500].map((attemptTimeoutMs) => ({ attemptTimeoutMs, retries: 0 }));

/** The vendor's failures that are not refusals. A write may have been performed. */
const failures = [
  { name: 'a 500', misbehaviour: { kind: 'status', status: 500 } },
  { name: 'a 503', misbehaviour: { kind: 'status', status: 503 } },
  { name: 'a proxy’s error page', misbehaviour: { kind: 'html', status: 502 } },
  { name: 'a connection that is reset', misbehaviour: { kind: 'reset' } },
  { name: 'an answer that breaks off', misbehaviour: { kind: 'truncate' } },
  { name: 'a vendor that does not answer in time', misbehaviour: { kind: 'hang' }, options: silences },
] as const;

const unavailable = (trace: Trace, step: Step): readonly ErrorCode[] =>
  mayWrite(trace, step) ? ['OUTCOME_UNKNOWN'] : ['UPSTREAM_UNAVAILABLE'];

const often = 1_000;
const requestedWaitSeconds = 60;

/** How a connector handles a vendor that refuses, fails, or is silent. */
export const refusalRules: readonly Rule[] = [
  ...refusals.map(([status, codes, meaning]): Rule => ({
    name: `reports a ${status} as ${codes.slice(0, 2).join(' or ')}, and sends the request once`,
    why: `The code says what to do next: ${meaning}. The vendor would refuse the same request again.`,
    appliesTo: 'vendor',
    find: (checked) =>
      overSteps(checked, {}, async (testHost, { tool, example }, { requested, match }) => {
        testHost.sandbox?.misbehave({ kind: 'status', status, times: often, match });
        const answer = await testHost.call(tool.name, example);
        // The operation declares the status as an answer.
        if (requested.accept?.includes(status) === true) return undefined;
        const sent = testHost.requests().filter((request) => typeof match === 'function' && match(request)).length;
        // A refused token is renewed once.
        const most = status === 401 ? 2 : 1;
        return [faultOfFailure(testHost, answer, codes) ?? [], sent > most ? `is sent ${sent} times` : []].flat();
      }),
  })),
  {
    name: 'reports a 429 as RATE_LIMITED, with the wait that the vendor asks for',
    why: 'A model that does not know how long to wait tries again at once, and the vendor blocks it for longer.',
    appliesTo: 'vendor',
    find: (checked) =>
      overSteps(checked, {}, async (testHost, { tool, example }, { match }) => {
        const headers = { 'retry-after': String(requestedWaitSeconds) };
        testHost.sandbox?.misbehave({ kind: 'status', status: 429, times: often, match, headers });
        const answer = await testHost.call(tool.name, example);
        const fault = faultOfFailure(testHost, answer, ['RATE_LIMITED']);
        if (fault !== undefined) return fault;
        const { retryAfterMs } = (answer.meta?.['busbar/error'] ?? {}) as { readonly retryAfterMs?: number };
        if (retryAfterMs !== undefined && Math.abs(retryAfterMs - requestedWaitSeconds * 1_000) < 2_000) return undefined;
        return `the vendor asks for ${requestedWaitSeconds} s, and the error says ${retryAfterMs === undefined ? 'nothing' : `${retryAfterMs / 1_000} s`}`;
      }),
  },
  {
    name: 'waits until a burst of 429s is over, and succeeds',
    why: 'A vendor does not execute a request over its rate limit, so any request may be sent again.',
    appliesTo: 'vendor',
    find: (checked) =>
      overSteps(checked, {}, async (testHost, { tool, example }, { match }) => {
        testHost.sandbox?.misbehave({ kind: 'status', status: 429, times: 2, match, headers: { 'retry-after': '0' } });
        const answer = await testHost.call(tool.name, example);
        return answer.isError === true ? `fails with ${codeOf(answer)} after two refusals` : undefined;
      }),
  },
  {
    name: 'continues with a new token if its token expires mid-call',
    why: 'A token may expire at any moment. The vendor does not execute a request with a 401: with a new token it succeeds.',
    appliesTo: 'vendor',
    find: (checked) =>
      overSteps(checked, {}, async (testHost, { tool, example }, { requested, match }) => {
        const tokens = () => testHost.sandbox?.requests.filter((request) => testHost.isToken(request)).length ?? 0;
        testHost.sandbox?.misbehave({ kind: 'status', status: 401, match });
        const answer = await testHost.call(tool.name, example);
        // A connector without tokens, or an operation that accepts a 401, has nothing to renew.
        if (tokens() === 0 || answer.isError !== true || requested.accept?.includes(401) === true) return undefined;
        return `fails with ${codeOf(answer)} after one refused token: failure() must set renew for a 401`;
      }),
  },
  ...failures.map((failure): Rule => ({
    name: `reports ${failure.name} as UPSTREAM_UNAVAILABLE, or as OUTCOME_UNKNOWN for a write`,
    why: 'It is unknown whether the write was made. Reported as a plain failure, it would be repeated, and made twice.',
    appliesTo: 'vendor',
    find: async (checked) => {
      let problems: readonly string[] = [];
      for (const options of 'options' in failure ? failure.options : [{}]) {
        problems = await overSteps(checked, options, async (testHost, trace, step) => {
          // An answer without a body cannot break off in it.
          if (failure.misbehaviour.kind === 'truncate' && step.answer.body === undefined) return undefined;
          testHost.sandbox?.misbehave({ ...failure.misbehaviour, times: often, match: step.match });
          return faultOfFailure(testHost, await testHost.call(trace.tool.name, trace.example), unavailable(trace, step));
        });
        if (problems.length === 0) break;
      }
      return problems;
    },
  })),
  {
    name: 'ends within 200 ms of an abort, and closes its socket',
    why: 'A caller that has left must not hold a socket, a slot and the vendor’s budget.',
    appliesTo: 'vendor',
    find: (checked) => abortInTime(checked),
  },
];
