import { deliver } from '../deliver.ts';
import type { Connector } from '../../connector/connector.ts';
import type { Answer } from '../../content.ts';
import { createHost } from '../../create-host.ts';
import type { Host, HostSettings } from '../../host.ts';
import { omitNullish } from '../../connector/omit-nullish.ts';
import { memoryConnections } from '../../memory/connections.ts';
import { localPrincipal } from '../../principal.ts';
import { answerText } from '../answer-text.ts';
import type { ConnectorSandbox } from '../connector-checks/fixture.ts';
import { vendorWire } from './vendor-wire.ts';

/** Options for {@link openSandbox}: its host's options, and the connection's settings. */
export interface OpenSandboxOptions extends HostSettings {
  /** The connection's settings. Default: the sandbox's. */
  readonly config?: object | undefined;
}

/** Options for a call. */
export interface CallExtras {
  readonly signal?: AbortSignal | undefined;
  readonly idempotencyKey?: string | undefined;
}

/** A tool call that a test made. */
export interface ToolCall {
  readonly tool: string;
  readonly args: object;
}

/** A webhook delivery from a vendor. */
export interface SandboxDelivery {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A sandbox, and a host whose only connection reaches it over a real socket. */
export interface OpenedSandbox<Sandbox extends ConnectorSandbox = ConnectorSandbox> {
  readonly sandbox: Sandbox;
  readonly host: Host;
  /** The connection's id. It is the same in every host, so that two hosts send a vendor the same idempotency keys. */
  readonly connection: string;
  /** The last part of the URL to which the vendor's webhook delivers. */
  readonly hook: string;
  /** The newest 1,000 calls, oldest first. */
  readonly calls: readonly ToolCall[];
  /** Calls a tool, and returns the whole answer, whether the call succeeds or fails. */
  answer(tool: string, args: object, extras?: CallExtras): Promise<Answer>;
  /** Calls a tool, and returns its structured output. @throws {Error} with the text that a model reads, if the call fails. */
  call<T = Record<string, unknown>>(tool: string, args: object, extras?: CallExtras): Promise<T>;
  /** Calls a tool that must fail, and returns the text that a model reads. @throws {Error} if the call succeeds. */
  failure(tool: string, args: object, extras?: CallExtras): Promise<string>;
  /** Delivers a body as the vendor's webhook does. @throws {ToolError} if the host refuses it. */
  deliver(delivery: SandboxDelivery): Promise<void>;
  /** Closes the host, and then the sandbox. */
  close(): Promise<void>;
}

const connection = 'the-connection';
const hook = 'the-hook';
const maxCalls = 1_000;

/**
 * Opens a sandbox behind a host of its own, for a connector's tests. Calls are validated, metered and guarded, and reach the sandbox over a
 * real socket. Retries wait one millisecond.
 */
export async function openSandbox<Sandbox extends ConnectorSandbox>(
  connector: Connector,
  sandbox: Sandbox,
  { config = sandbox.config, ...options }: OpenSandboxOptions = {},
): Promise<OpenedSandbox<Sandbox>> {
  const host = createHost({
    ...(await vendorWire()),
    ...omitNullish(options),
    connectors: [connector],
    connections: memoryConnections([{ connector: connector.id, id: connection, hook, config }]),
    remapOrigins: sandbox.remapOrigins,
  });

  const calls: ToolCall[] = [];

  async function answer(tool: string, args: object, extras: CallExtras = {}): Promise<Answer> {
    const { signal = new AbortController().signal, idempotencyKey } = extras;
    calls.push({ tool, args });
    if (calls.length > maxCalls) calls.shift();
    const result = await host.call({ principal: localPrincipal, tool, arguments: args, signal, idempotencyKey });
    if (result.kind === 'ask') throw new Error(`${tool} asks: ${result.message}`);
    return result.answer;
  }

  return {
    sandbox,
    host,
    connection,
    hook,
    calls,
    answer,
    async call<T>(tool: string, args: object, extras?: CallExtras) {
      const result = await answer(tool, args, extras);
      if (result.isError) throw new Error(answerText(result));
      return result.structuredContent as T;
    },
    async failure(tool, args, extras) {
      const result = await answer(tool, args, extras);
      if (!result.isError) throw new Error(`${tool} succeeded: ${answerText(result)}`);
      return answerText(result);
    },
    async deliver({ headers, body }) {
      await deliver(host, hook, headers, body);
    },
    async close() {
      await host.close();
      await sandbox.close();
    },
  };
}
