import { AssertionError, deepEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { UsagePolicy } from '../../billing/quota.ts';
import { systemClock } from '../../clock.ts';
import type { Answer } from '../../content.ts';
import { ToolError, type ErrorCode } from '../../errors.ts';
import type { Admission, AdmitOptions, Call, Metering, Outcome } from '../../ports/metering.ts';

/** A guarantee of every `Metering`, and its check. `other` is a second handle on the same data, as another replica would have. */
export interface MeteringGuarantee {
  readonly name: string;
  /** The policy of the `Metering`. Absent: neither quotas nor prices. */
  readonly policy?: UsagePolicy;
  prove(metering: Metering, other: Metering): Promise<void>;
}

/** Returns a function that creates calls of one new tenant. Default: writes with the same key. */
export function callsOfATenant(): (over?: Partial<Call>) => Call {
  const principal = { tenant: `tenant-${randomUUID()}`, id: 'key-1', roles: [] };
  return (over) => ({
    callId: randomUUID(),
    principal,
    connector: 'acme',
    connection: 'conn-1',
    tool: 'acme_create_order',
    effect: 'write',
    key: 'k1',
    inputHash: 'h1',
    units: 1,
    arguments: {},
    auditInput: () => '{}',
    startedAt: Date.UTC(2026, 0, 1),
    ...over,
  });
}

/** Options for a caller that never cancels. */
export const staying: AdmitOptions = new AbortController();

/** Creates an answer whose content is one string. */
export const answerOf = (text: string): Answer => ({ content: [{ type: 'text', text }] });

/** Creates the outcome of a call. The answer's text defaults to the status. */
export function ending(status: Outcome['status'], wrote: Outcome['wrote'], text: string = status): Outcome {
  return { status, wrote, answer: answerOf(text), upstreamRequests: 1, endedAt: systemClock.now() };
}

/** Admits a call, and asserts that it must run. */
export async function admitToRun(metering: Metering, call: Call): Promise<Admission> {
  const admitted = await metering.admit(call, staying);
  if (admitted.kind !== 'run') throw new AssertionError({ message: `A call that should run was answered from ${call.key}` });
  deepEqual(admitted.admission.call, call);
  return admitted.admission;
}

/** Admits a call, and asserts that it gets a replayed answer with this text. */
export async function admitToReplay(metering: Metering, call: Call, text: string): Promise<void> {
  deepEqual(await metering.admit(call, staying), { kind: 'replay', answer: answerOf(text) });
}

/** Asserts that the work is refused with this code. */
export async function refusedAs(code: ErrorCode, work: Promise<unknown>): Promise<void> {
  const result = await work.then(
    () => 'was not refused',
    (error: unknown) => (ToolError.is(error) ? error.code : error),
  );
  deepEqual(result, code);
}

/** Whether a promise settles while the `Metering` starts and ends calls with other keys, which gives the promise enough time. */
export async function hasEnded(work: Promise<unknown>, metering: Metering): Promise<boolean> {
  let ended = false;
  const settled = (): void => void (ended = true);
  work.then(settled, settled);
  const call = callsOfATenant();
  for (let round = 0; round < 3; round += 1) {
    const admission = await admitToRun(metering, call({ key: `other-${round}` }));
    await metering.settle(admission, ending('executed', 'yes'));
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
  return ended;
}
