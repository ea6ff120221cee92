import { createHost } from '../../create-host.ts';
import type { Answer } from '../../content.ts';
import type { Connector, Health } from '../../connector.ts';
import type { HostOptions } from '../../host.ts';
import type { Logger } from '../../logger.ts';
import { memoryConnections } from '../../memory/connections.ts';
import { localPrincipal } from '../../principal.ts';
import type { SimulatorRequest } from '../simulator.ts';
import type { ConnectorFixture, ConnectorSandbox } from './fixture.ts';
import { watchedConnector, type Watch } from './watched-connector.ts';

/** How a stage differs from the usual one. */
export interface StageOptions {
  /** The settings of the connection, made of the sandbox's. Default: those. */
  config?(config: object, canary: string): object;
  /** The one tool that is called. Default: all of them; making a host of many takes longer than a call. */
  readonly tool?: string;
  /** How long a request may take. Default 2,000. */
  readonly attemptTimeoutMs?: number;
  /** How often a request is repeated at most. Default 3. */
  readonly retries?: number;
}

/** A host with one connection to a fresh account, and everything that can be seen from there. */
export interface Stage {
  /** What the connector was seen doing. */
  readonly watch: Watch;
  /** Undefined for a connector that reaches no vendor. */
  readonly sandbox: ConnectorSandbox | undefined;
  readonly config: object;
  readonly canary: string;
  /** The lines of the log so far, as JSON with the stacks of errors. */
  log(): readonly string[];
  /** What reached the vendor, requests for tokens left out. */
  requests(): readonly SimulatorRequest[];
  isToken(request: SimulatorRequest): boolean;
  /** Calls a tool over the host, as a client would. */
  call(tool: string, args: unknown, signal?: AbortSignal): Promise<Answer>;
  check(): Promise<Health>;
}

const connectionId = 'contract';
/** Longer than any wait of a good connector, and shorter than what a vendor asks to wait in the checks. */
const callTimeoutMs = 5_000;
const maxLines = 1_000;

/** Opens a stage for `work`, and closes whatever it opened. */
export async function onStage<R>(
  connector: Connector,
  fixture: ConnectorFixture,
  options: StageOptions,
  work: (stage: Stage) => Promise<R>,
): Promise<R> {
  const canary = `canary-${crypto.randomUUID()}`;
  const sandbox = connector.origins ? await fixture.sandbox?.({ canary }) : undefined;
  try {
    const given = sandbox?.config ?? fixture.config ?? {};
    const config = options.config ? options.config(given, canary) : given;
    const tools = connector.tools.filter(({ name }) => options.tool === undefined || name === options.tool);
    const watch: Watch = { asked: [], keys: [], kept: 0 };
    const lines: LogLine[] = [];
    const host = createHost({
      connectors: [watchedConnector({ ...connector, tools }, watch)],
      connections: memoryConnections([{ connector: connector.id, id: connectionId, config }]),
      log: recordingLogger(lines),
      callTimeoutMs,
      ...(sandbox && { remapOrigins: sandbox.remapOrigins, ...(await wire(options)) }),
    });
    const tokenPath = tokenPathOf(connector, config);
    const isToken = ({ path }: SimulatorRequest): boolean => path === tokenPath;
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
          const result = await host.call({ principal: localPrincipal, tool, arguments: args, signal });
          if (result.kind === 'ask') throw new Error(`${tool} asks a person, which these checks cannot answer: ${result.message}`);
          return result.answer;
        },
      });
    } finally {
      await host.close(100);
    }
  } finally {
    await sandbox?.close();
  }
}

/** Real sockets, the resilience of production with short waits, and no budget but the sandbox's own: the checks may not wait for it. */
async function wire({ attemptTimeoutMs = 2_000, retries = 3 }: StageOptions): Promise<Pick<HostOptions, 'sender' | 'resilience'>> {
  const [{ gotSender }, { cockatielResilience }] = await Promise.all([
    import('../../adapters/got.ts'),
    import('../../adapters/cockatiel.ts'),
  ]).catch((cause: unknown) => {
    throw new Error('To check a connector that reaches a vendor: npm install --save-dev got cockatiel p-retry', { cause });
  });
  const budget = { take: async () => () => {}, learn: () => {} };
  return {
    sender: gotSender(),
    resilience: cockatielResilience({ backoffMs: 1, retries, attemptTimeoutMs, breakerFailures: 1_000, budget }),
  };
}

function tokenPathOf(connector: Connector, config: object): string | undefined {
  const parsed = connector.config.safeParse(config);
  const authorization = parsed.success ? connector.authorization?.(parsed.data) : undefined;
  const url = authorization && 'tokenUrl' in authorization ? authorization.tokenUrl : undefined;
  return url === undefined ? undefined : new URL(url).pathname;
}

interface LogLine {
  readonly fields: object;
  readonly message: string;
}

/** Made into text only where somebody looks: most of the checks never do. */
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
