import type { z } from 'zod';
import type { Connector } from '../../connector/connector.ts';
import type { HttpRequest } from '../../connector/http.ts';
import type { AnyTool } from '../../connector/tool.ts';
import type { Answer } from '../../content.ts';
import type { SimulatorAnswer, SimulatorMatch, SimulatorRequest } from '../sandbox/simulator.ts';
import type { ConnectorFixture } from './fixture.ts';
import { withRowsRead } from './rows.ts';
import { withTestHost, type TestHost, type TestHostOptions } from './test-host.ts';
import type { Watch } from './watched-connector.ts';

/** One request of a tool's example: the call to `http`, the request on the wire, and the answer. */
export interface Step {
  /** The method and the path template, as the connector wrote them: `GET /tickets/{id}`. */
  readonly name: string;
  readonly requested: HttpRequest<z.ZodType>;
  readonly request: SimulatorRequest;
  /** The vendor's answer. If it consists of rows, its body is the list of parsed rows. */
  readonly answer: SimulatorAnswer;
  /** Whether the connector reads the answer row by row. */
  readonly rows: boolean;
  /** Whether the tool sends other requests after this one, which may depend on what it did. */
  readonly followed: boolean;
  /** Matches this request and repeats of it. */
  readonly match: SimulatorMatch;
}

/** The run of a tool's example in a fresh account. */
export interface Trace extends Watch {
  readonly tool: AnyTool<unknown>;
  readonly example: object;
  readonly answer: Answer;
  /** The first request of each operation. */
  readonly steps: readonly Step[];
  /** All requests that reached the vendor, except requests for tokens. */
  readonly requests: readonly SimulatorRequest[];
  /** The lines of the log. */
  log(): readonly string[];
}

/** A connector that the checks run against. */
export interface CheckedConnector {
  readonly connector: Connector;
  readonly fixture: ConnectorFixture;
  /** Runs `work` with a test host: a fresh account, and a host that has no other connection. */
  withTestHost<R>(options: TestHostOptions, work: (testHost: TestHost) => Promise<R>): Promise<R>;
  /** Runs the example of each tool that has one. All checks share these runs. */
  traces(): Promise<readonly Trace[]>;
  /** Returns the traces that succeeded. Most checks run them again with one change. */
  successes(): Promise<readonly Trace[]>;
}

export function createCheckedConnector(connector: Connector, fixture: ConnectorFixture): CheckedConnector {
  let traces: Promise<readonly Trace[]> | undefined;
  const checked: CheckedConnector = {
    connector,
    fixture,
    withTestHost: (options, work) => withTestHost(connector, fixture, options, work),
    traces: () => (traces ??= traceAll(checked)),
    successes: async () => (await checked.traces()).filter(({ answer }) => answer.isError !== true),
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

/** Records the first request of each operation from now on. */
export function recordSteps(testHost: TestHost): readonly Step[] {
  const steps: (Step & { followed: boolean })[] = [];
  testHost.sandbox?.misbehave({
    kind: 'change',
    times: 1_000,
    match: (request) => !testHost.isToken(request),
    change(answer, request) {
      const requested = testHost.watch.requested.find((candidate) => fits(candidate, request));
      const known = steps.find((step) => step.requested.method === requested?.method && step.requested.path === requested.path);
      for (const step of steps) if (step !== known) step.followed = true;
      if (requested && !known) {
        const rows = testHost.watch.streamed.has(requested);
        steps.push({
          name: `${requested.method} ${requested.path}`,
          requested,
          request,
          // A sandbox may answer with the objects that it stores, and change them later.
          answer: structuredClone(rows ? withRowsRead(answer) : answer),
          rows,
          followed: false,
          match: (other) => !testHost.isToken(other) && fits(requested, other),
        });
      }
      return answer;
    },
  });
  return steps;
}

/** Whether a request on the wire fits the path template of a call to `http`. */
function fits({ method, path }: Pick<HttpRequest<z.ZodType>, 'method' | 'path'>, request: SimulatorRequest): boolean {
  if (method !== request.method) return false;
  const template = path.split('?')[0]?.split('/') ?? [];
  const segments = request.path.split('/');
  return template.length === segments.length && template.every((part, index) => part.includes('{') || part === segments[index]);
}
