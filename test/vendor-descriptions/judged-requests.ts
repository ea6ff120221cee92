import { expect, it } from 'vitest';
import type { Connector } from '../../packages/core/src/index.ts';
import { letPass } from './broken-requests.ts';
import { inputsNotGiven, type GivenCall } from './given-inputs.ts';
import { createJudge, type Additions, type JudgedRequest, type Verdict } from './request-judge.ts';
import { withStandIns, type StandIn } from './stand-ins.ts';
import { recordingNames } from './vendor-data.ts';

/** What a connector's requests are held against, and what its description does not say. */
export interface Law {
  readonly vendor: 'salesforce' | 'sendgrid' | 'zendesk';
  /** The vendor's description, read where it is there. */
  description(): Record<string, unknown>;
  readonly additions?: Additions;
  /** Operations that the description leaves out. */
  readonly standIns?: Readonly<Record<string, StandIn>>;
  /** Faults that nothing can refuse, since the description takes any text there: `GET /search: query q`, in order. */
  readonly open: readonly string[];
  /** Parts of bodies whose content is the caller's own. */
  readonly free?: readonly string[];
}

/** What a test had a connector do: calls with every input of every tool, and the requests that came of them. */
export interface Traffic {
  readonly calls: readonly GivenCall[];
  readonly requests: readonly JudgedRequest[];
}

/**
 * Judges all requests of a connector by its vendor's description, and the judge by requests that are broken.
 *
 * @param silent tools that send nothing.
 */
export function itKeepsTheLaw(connector: Connector, law: Law, traffic: () => Traffic, silent: readonly string[] = []): void {
  const { standIns = {}, additions = {} } = law;
  let made: ((request: JudgedRequest) => Verdict) | undefined;
  const judge = (request: JudgedRequest): Verdict => (made ??= createJudge(withStandIns(law.description(), standIns), additions))(request);
  const nameOf = ({ method, path }: JudgedRequest): string => `${method} ${path}`;

  it('is of an operation that is described, or stands in the list of those that are not', () => {
    const strange = traffic().requests.filter((request) => judge(request).operation === undefined);
    expect([...new Set(strange.map(nameOf))]).toEqual([]);
  });

  it('is of each operation in that list, which is not described in truth, and for which a recording or a page stands in', () => {
    const vendors = createJudge(law.description(), additions);
    const sent = traffic().requests.map((request) => ({ request, operation: judge(request).operation ?? '' }));
    for (const [operation, { source }] of Object.entries(standIns)) {
      const requests = sent.filter((one) => one.operation === operation).map(({ request }) => request);
      expect([operation, requests.length > 0]).toEqual([operation, true]);
      expect([operation, requests.filter((request) => vendors(request).operation !== undefined).map(nameOf)]).toEqual([operation, []]);
      if ('recording' in source) expect(recordingNames(law.vendor)).toContain(source.recording);
      else expect(source.page).toMatch(/\S, \S/);
    }
  });

  it('is as the description has it', () => {
    const violations = traffic().requests.flatMap((request) => judge(request).violations.map((one) => `${nameOf(request)}: ${one}`));
    expect([...new Set(violations)]).toEqual([]);
  });

  it('had every input of every tool in it', () => {
    expect(inputsNotGiven(connector, traffic().calls)).toEqual(silent);
  });

  it('is refused by the judge with any fault, but for those that the description leaves open', () => {
    const { passed, caught } = letPass(traffic().requests, judge, law.free);
    expect(passed).toEqual(law.open);
    const operations = new Set(traffic().requests.map((request) => judge(request).operation ?? ''));
    expect([...caught.keys()].toSorted()).toEqual([...operations].toSorted());
  });
}
