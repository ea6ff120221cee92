import type { Answer } from '../../content.ts';
import type { Connector } from '../../connector/connector.ts';
import type { HttpRequest } from '../../connector/http.ts';
import type { AnyTool } from '../../connector/tool.ts';
import type { SimulatorAnswer, SimulatorMatch, SimulatorRequest } from '../sandbox/simulator.ts';
import type { z } from 'zod';
import type { ConnectorFixture } from './fixture.ts';
import { withRowsRead } from './rows.ts';
import { withTestHost, type TestHost, type TestHostOptions } from './test-host.ts';
import type { Watch } from './watched-connector.ts';

/** One request of a tool's example: what was requested of `http`, what went over the wire, and what came back. */
export interface Step {
  /** `GET /tickets/{id}`, as the connector wrote it. */
  readonly name: string;
  readonly requested: HttpRequest<z.ZodType>;
  readonly request: SimulatorRequest;
  /** The body of rows is the list of them. */
  readonly answer: SimulatorAnswer;
  /** Whether it is read row by row. */
  readonly rows: boolean;
  /** Fits this request, and its repetitions. */
  readonly match: SimulatorMatch;
}

/** What became of a tool's example in a fresh account. */
export interface Trace extends Watch {
  readonly tool: AnyTool<unknown>;
  readonly example: object;
  readonly answer: Answer;
  /** Each operation once. */
  readonly steps: readonly Step[];
  /** Everything that reached the vendor. */
  readonly requests: readonly SimulatorRequest[];
  /** The lines of the log. */
  log(): readonly string[];
}

/** A connector under its checks. */
export interface CheckedConnector {
  readonly connector: Connector;
  readonly fixture: ConnectorFixture;
  /** Runs `work` with a fresh account and a host of its own. */
  withTestHost<R>(options: TestHostOptions, work: (testHost: TestHost) => Promise<R>): Promise<R>;
  /** The example of each tool that has one, run once. */
  traces(): Promise<readonly Trace[]>;
  /** Those that succeeded: the ground of all checks that change one thing and look what comes of it. */
  good(): Promise<readonly Trace[]>;
}

export function createCheckedConnector(connector: Connector, fixture: ConnectorFixture): CheckedConnector {
  let traces: Promise<readonly Trace[]> | undefined;
  const checked: CheckedConnector = {
    connector,
    fixture,
    withTestHost: (options, work) => withTestHost(connector, fixture, options, work),
    traces: () => (traces ??= traceAll(checked)),
    good: async () => (await checked.traces()).filter(({ answer }) => answer.isError !== true),
  };
  return checked;
}

async function traceAll(checked: CheckedConnector): Promise<Trace[]> {
  const { connector, fixture } = checked;
  const traces = connector.tools.map(async (tool): Promise<Trace[]> => {
    const example = fixture.examples[tool.name];
    if (!example) return [];
    return [await checked.withTestHost({ tool: tool.name }, (testHost) => trace(testHost, tool, example))];
  });
  return (await Promise.all(traces)).flat();
}

async function trace(testHost: TestHost, tool: AnyTool<unknown>, example: object): Promise<Trace> {
  const steps = recordSteps(testHost);
  const answer = await testHost.call(tool.name, example);
  return { tool, example, answer, steps, requests: testHost.requests(), log: testHost.log, ...testHost.watch };
}

/** Writes down what goes over the wire from now on, each operation once. */
export function recordSteps(testHost: TestHost): readonly Step[] {
  const steps: Step[] = [];
  testHost.sandbox?.misbehave({
    kind: 'change',
    times: 1_000,
    match: (request) => !testHost.isToken(request),
    change(answer, request) {
      const requested = testHost.watch.requested.find((one) => fits(one, request));
      const known = steps.some((step) => step.requested.method === requested?.method && step.requested.path === requested.path);
      if (requested && !known) {
        const rows = testHost.watch.streamed.has(requested);
        steps.push({
          name: `${requested.method} ${requested.path}`,
          requested,
          request,
          // A sandbox may answer with the very records that it keeps.
          answer: structuredClone(rows ? withRowsRead(answer) : answer),
          rows,
          match: (other) => !testHost.isToken(other) && fits(requested, other),
        });
      }
      return answer;
    },
  });
  return steps;
}

/** Whether a request of the wire can be one that was requested for by this template. */
function fits({ method, path }: Pick<HttpRequest<z.ZodType>, 'method' | 'path'>, request: SimulatorRequest): boolean {
  if (method !== request.method) return false;
  const wanted = path.split('?')[0]?.split('/') ?? [];
  const given = request.path.split('/');
  return wanted.length === given.length && wanted.every((segment, at) => segment.includes('{') || segment === given[at]);
}
