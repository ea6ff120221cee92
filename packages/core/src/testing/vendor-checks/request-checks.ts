import { deepEqual, match } from 'node:assert/strict';
import type { Connector } from '../../connector/connector.ts';
import type { ConnectorCheck } from '../connector-checks/connector-checks.ts';
import type { ToolCall } from '../sandbox/open-sandbox.ts';
import { createRequestJudge, type DescriptionGaps, type JudgedRequest, type RequestJudge } from './request-judge.ts';
import { trySeededFaults } from './seeded-faults.ts';
import { unusedInputs } from './unused-inputs.ts';

/** Calls that together use every input of every tool, and the requests that the vendor received. An `OpenedSandbox` has both. */
export interface RequestTraffic {
  readonly calls: readonly ToolCall[];
  readonly requests: readonly JudgedRequest[];
}

/** The details that {@link requestChecks} needs besides the connector. */
export interface RequestFixture extends DescriptionGaps {
  /** Reads the vendor's own OpenAPI 3.0 description. */
  description(): Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>;
  /** Makes the calls, or returns calls that have already been made. */
  traffic(): RequestTraffic | Promise<RequestTraffic>;
  /**
   * The faults that the judge cannot refuse, since the description allows any text there: `GET /search: query q`. Do not list a fault that
   * the judge refuses. Default: none.
   */
  readonly acceptedFaults?: readonly string[] | undefined;
  /** The names of body fields whose content is up to the caller. No faults are seeded in them. Default: none. */
  readonly freeFormFields?: readonly string[] | undefined;
  /** The tools that send no requests, and so are not called. Default: none. */
  readonly silentTools?: readonly string[] | undefined;
}

interface Evidence extends RequestTraffic {
  /** Judges by the description, completed with everything that it lacks. */
  readonly judge: RequestJudge;
  /** Judges by the description without the undescribed operations. */
  readonly vendorJudge: RequestJudge;
}

const nameOf = ({ method, path }: JudgedRequest): string => `${method} ${path}`;
const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

/**
 * Returns checks that judge all requests of a connector by its vendor's own description. They also test the judge with seeded faults: it
 * judges each request again with one part broken at a time. Each name states a fact about a request of the connector ("matches the
 * description").
 *
 * The checks share one judge and the same traffic. The first check that runs creates both. They need ajv and ajv-formats.
 */
export function requestChecks(connector: Connector, fixture: RequestFixture): readonly ConnectorCheck[] {
  const { undescribed = {}, acceptedFaults = [], freeFormFields = [], silentTools = [] } = fixture;
  let gathered: Promise<Evidence> | undefined;
  const check = (name: string, prove: (evidence: Evidence) => void): ConnectorCheck => ({
    name,
    run: async () => prove(await (gathered ??= gatherEvidence(fixture))),
  });
  return [
    check('belongs to an operation that is described or listed as undescribed', ({ requests, judge }) => {
      const unknown = requests.filter((request) => judge(request).operation === undefined);
      deepEqual(unique(unknown.map(nameOf)), []);
    }),
    check(
      'covers each operation listed as undescribed, which the description lacks and a recording or page documents',
      ({ requests, judge, vendorJudge }) => {
        const sent = requests.map((request) => ({ request, operation: judge(request).operation ?? '' }));
        for (const [operation, { source }] of Object.entries(undescribed)) {
          const own = sent.filter((one) => one.operation === operation).map(({ request }) => request);
          deepEqual([operation, own.length > 0], [operation, true]);
          const described = own.filter((request) => vendorJudge(request).operation !== undefined);
          deepEqual([operation, described.map(nameOf)], [operation, []]);
          if ('recording' in source) match(source.recording, /\S/);
          else match(source.page, /\S, \S/);
        }
      },
    ),
    check('matches the description', ({ requests, judge }) => {
      const violations = requests.flatMap((request) => judge(request).violations.map((violation) => `${nameOf(request)}: ${violation}`));
      deepEqual(unique(violations), []);
    }),
    check('comes from calls that use every input of every tool', ({ calls }) => {
      deepEqual(unusedInputs(connector, calls).toSorted(), silentTools.toSorted());
    }),
    check('is refused by the judge with any fault, except faults that the description leaves open', ({ requests, judge }) => {
      const { passed, caught } = trySeededFaults(requests, judge, freeFormFields);
      deepEqual(passed, acceptedFaults.toSorted());
      const operations = unique(requests.map((request) => judge(request).operation ?? ''));
      deepEqual([...caught.keys()].toSorted(), operations.toSorted());
    }),
  ];
}

async function gatherEvidence(fixture: RequestFixture): Promise<Evidence> {
  const { additions = {}, undescribed = {} } = fixture;
  const description = await fixture.description();
  const { calls, requests } = await fixture.traffic();
  return {
    calls: [...calls],
    requests: [...requests],
    judge: await createRequestJudge(description, { additions, undescribed }),
    vendorJudge: await createRequestJudge(description, {
      additions: Object.fromEntries(Object.entries(additions).filter(([operation]) => !Object.hasOwn(undescribed, operation))),
    }),
  };
}
