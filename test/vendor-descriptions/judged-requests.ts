import { expect, it } from 'vitest';
import type { Connector } from '../../packages/core/src/index.ts';
import { tryFaults } from './broken-requests.ts';
import { unusedInputs, type GivenCall } from './given-inputs.ts';
import { createJudge, type Additions, type JudgedRequest, type Verdict } from './request-judge.ts';
import { withStandIns, type StandIn } from './stand-ins.ts';
import { recordingNames } from './vendor-data.ts';

/** The description that a connector's requests must match, and the parts that the description lacks. */
export interface RequestContract {
  readonly vendor: 'salesforce' | 'sendgrid' | 'zendesk';
  /** Reads the vendor's description. Called only if the file exists. */
  description(): Record<string, unknown>;
  readonly additions?: Additions;
  /** Operations that the description leaves out. */
  readonly standIns?: Readonly<Record<string, StandIn>>;
  /** Faults that the judge cannot refuse, since the description takes any text there: `GET /search: query q`. Sorted. */
  readonly open: readonly string[];
  /** Parts of bodies whose content is up to the caller. */
  readonly free?: readonly string[];
}

/** The traffic of a test: calls with every input of every tool, and the resulting requests. */
export interface Traffic {
  readonly calls: readonly GivenCall[];
  readonly requests: readonly JudgedRequest[];
}

/**
 * Declares the tests that judge all requests of a connector by its vendor's description, and test the judge itself with broken requests.
 *
 * @param silent tools that send nothing.
 */
export function itMeetsTheContract(
  connector: Connector,
  contract: RequestContract,
  traffic: () => Traffic,
  silent: readonly string[] = [],
): void {
  const { standIns = {}, additions = {} } = contract;
  let made: ((request: JudgedRequest) => Verdict) | undefined;
  const judge = (request: JudgedRequest): Verdict =>
    (made ??= createJudge(withStandIns(contract.description(), standIns), additions))(request);
  const nameOf = ({ method, path }: JudgedRequest): string => `${method} ${path}`;

  it('belongs to an operation that is described or listed as undescribed', () => {
    const unknown = traffic().requests.filter((request) => judge(request).operation === undefined);
    expect([...new Set(unknown.map(nameOf))]).toEqual([]);
  });

  it('covers each operation listed as undescribed, which the description lacks and a recording or page documents', () => {
    const vendors = createJudge(contract.description(), additions);
    const sent = traffic().requests.map((request) => ({ request, operation: judge(request).operation ?? '' }));
    for (const [operation, { source }] of Object.entries(standIns)) {
      const requests = sent.filter((one) => one.operation === operation).map(({ request }) => request);
      expect([operation, requests.length > 0]).toEqual([operation, true]);
      expect([operation, requests.filter((request) => vendors(request).operation !== undefined).map(nameOf)]).toEqual([operation, []]);
      if ('recording' in source) expect(recordingNames(contract.vendor)).toContain(source.recording);
      else expect(source.page).toMatch(/\S, \S/);
    }
  });

  it('matches the description', () => {
    const violations = traffic().requests.flatMap((request) => judge(request).violations.map((one) => `${nameOf(request)}: ${one}`));
    expect([...new Set(violations)]).toEqual([]);
  });

  it('comes from calls that use every input of every tool', () => {
    expect(unusedInputs(connector, traffic().calls)).toEqual(silent);
  });

  it('is refused by the judge with any fault, except faults that the description leaves open', () => {
    const { passed, caught } = tryFaults(traffic().requests, judge, contract.free);
    expect(passed).toEqual(contract.open);
    const operations = new Set(traffic().requests.map((request) => judge(request).operation ?? ''));
    expect([...caught.keys()].toSorted()).toEqual([...operations].toSorted());
  });
}

// The tests of two connectors still use the earlier name.
export { itMeetsTheContract as itKeepsTheLaw };
