import { deliver } from '../deliver.ts';
import { errorAnswer } from '../../call/error-answer.ts';
import type { Connector, Health, Job } from '../../connector/connector.ts';
import type { State } from '../../connector/state.ts';
import type { Answer } from '../../content.ts';
import { createHost } from '../../create-host.ts';
import { ToolError } from '../../errors.ts';
import type { AskAnswer } from '../../host.ts';
import type { Logger } from '../../logger.ts';
import { memoryConnections } from '../../memory/connections.ts';
import { memoryState } from '../../memory/state.ts';
import type { Budget } from '../../ports/budget.ts';
import { localPrincipal } from '../../principal.ts';
import type { SimulatorRequest } from '../sandbox/simulator.ts';
import { tokenRequests } from '../sandbox/token-requests.ts';
import { vendorWire } from '../sandbox/vendor-wire.ts';
import type { ConnectorFixture, ConnectorSandbox } from './fixture.ts';
import { testHostJobs } from './test-host-jobs.ts';
import { createWatch, watchedConnector, type Watch } from './watched-connector.ts';

/** How a test host differs from the default. */
export interface TestHostOptions {
  /** Returns the connection's settings, derived from the sandbox's settings. Default: the sandbox's settings. */
  config?(config: object, canary: string): object;
  /** The host's only tool. Default: all tools, which take longer to create than a call takes. */
  readonly tool?: string;
  /** The time limit of a request. Default 2,000. */
  readonly attemptTimeoutMs?: number;
  /** The maximum number of retries of a request. Default 3. */
  readonly retries?: number;
  /** How many questions the person accepts before declining the next one. Default: all. */
  readonly agreed?: number;
}

/** A host with one connection to a fresh account, and everything that the checks observe of it. */
export interface TestHost {
  /** A record of what the connector did. */
  readonly watch: Watch;
  /** Undefined for a connector that reaches no vendor. */
  readonly sandbox: ConnectorSandbox | undefined;
  readonly config: object;
  readonly canary: string;
  /** The lines of the log so far, each with its fields as JSON and its errors with their stacks. */
  log(): readonly string[];
  /** The requests that reached the vendor, except requests for tokens. */
  requests(): readonly SimulatorRequest[];
  isToken(request: SimulatorRequest): boolean;
  /** Calls a tool through the host, as a client would. */
  call(tool: string, args: unknown, signal?: AbortSignal): Promise<Answer>;
  check(): Promise<Health>;
  /** The connection's state. */
  readonly state: State;
  /** Delivers a body as the vendor's webhook does. */
  deliver(headers: Readonly<Record<string, string>>, body: string): Promise<void>;
  /** Runs a job once, as the host does. Rejects if the job fails. */
  runJob(job: Job<unknown>, signal?: AbortSignal): Promise<void>;
}

const connectionId = 'contract';
const hook = 'contract-hook';
/** Longer than any wait of a good connector, and shorter than the wait that the vendor asks for in the checks. */
const callTimeoutMs = 5_000;
const maxLines = 1_000;
/** The sandbox enforces the vendor's limits, so the checks need not wait for the host's budget. */
const noBudget: Budget = { take: async () => () => {}, observe: () => {} };

/** Opens a test host for `work`, then closes the host and the sandbox. */
export async function withTestHost<R>(
  connector: Connector,
  fixture: ConnectorFixture,
  options: TestHostOptions,
  work: (testHost: TestHost) => Promise<R>,
): Promise<R> {
  const { attemptTimeoutMs = 2_000, retries = 3 } = options;
  const canary = `canary-${crypto.randomUUID()}`;
  const sandbox = connector.origins || connector.webhook ? await fixture.sandbox?.({ canary }) : undefined;
  try {
    const settings = sandbox?.config ?? fixture.config ?? {};
    const config = options.config ? options.config(settings, canary) : settings;
    const tools = connector.tools.filter(({ name }) => options.tool === undefined || name === options.tool);
    const watch = createWatch();
    const lines: LogLine[] = [];
    const watched = watchedConnector({ ...connector, tools }, watch);
    const connections = memoryConnections([{ connector: connector.id, id: connectionId, hook, config }]);
    const state = memoryState();
    const log = recordingLogger(lines);
    const wire = sandbox && {
      remapOrigins: sandbox.remapOrigins,
      ...(await vendorWire({ retries, attemptTimeoutMs, breakerFailures: 1_000, budget: noBudget })),
    };
    const host = createHost({ connectors: [watched], connections, state, log, callTimeoutMs, ...wire });
    const jobs = testHostJobs({ connector: watched, connection: await connections.get(connectionId), state, log, wire });
    const isToken = tokenRequests(connector, config);
    try {
      return await work({
        watch,
        sandbox,
        config,
        canary,
        log: () => lines.map(({ fields, message }) => `${message} ${JSON.stringify(fields, (_, value: unknown) => plainError(value))}`),
        isToken,
        requests: () => sandbox?.requests.filter((request) => !isToken(request)) ?? [],
        check: () => host.check(connectionId),
        async call(tool, args, signal = new AbortController().signal) {
          const answers = answersOf(fixture.answers?.[tool] ?? [], options.agreed);
          const result = await host.call({ principal: localPrincipal, tool, arguments: args, signal, answers });
          if (result.kind === 'answer') return result.answer;
          const unanswered = `It asks “${result.message}”, and the fixture has no answer: add one to answers.${tool}.`;
          return errorAnswer(new ToolError('ASK_UNSUPPORTED', unanswered), 'contract');
        },
        state: state.open(connectionId),
        deliver: (headers, body) => deliver(host, hook, headers, body),
        runJob: jobs.run,
      });
    } finally {
      await host.close(100);
      await jobs.close();
    }
  } finally {
    await sandbox?.close();
  }
}

/** Returns a person's answers to the questions of a call, in order. */
function answersOf(contents: readonly object[], agreed = Infinity): Record<string, AskAnswer> {
  return Object.fromEntries(
    contents.map((content, index) => [`ask-${index + 1}`, index < agreed ? { action: 'accept', content } : { action: 'decline' }]),
  );
}

interface LogLine {
  readonly fields: object;
  readonly message: string;
}

/** Keeps the lines as objects: most checks never read them as text. */
function recordingLogger(lines: LogLine[]): Logger {
  const write = (fields: object, message: string): void => {
    if (lines.length < maxLines) lines.push({ fields, message });
  };
  return { debug: write, info: write, warn: write, error: write };
}

function plainError(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { name: value.name, message: value.message, stack: value.stack, cause: value.cause };
}
