import type { Connector } from '../../connector/connector.ts';
import type { Answer } from '../../content.ts';
import { createHost } from '../../create-host.ts';
import type { Host, HostOptions } from '../../host.ts';
import { memoryConnections } from '../../memory/connections.ts';
import { localPrincipal } from '../../principal.ts';
import { answerText } from '../answer-text.ts';
import type { ConnectorSandbox } from '../connector-checks/fixture.ts';
import { vendorWire } from './vendor-wire.ts';

/** What {@link openSandbox} opens a sandbox with, where the defaults do not do. */
export interface OpenSandboxOptions extends Omit<HostOptions, 'connectors' | 'connections' | 'remapOrigins'> {
  /** The connection's settings. Default: the sandbox's. */
  readonly config?: object;
}

/** What a test adds to a call. */
export interface CallExtras {
  readonly signal?: AbortSignal;
  readonly idempotencyKey?: string;
}

/** A tool call that a test made. */
export interface ToolCall {
  readonly tool: string;
  readonly args: object;
}

/** What a vendor's webhook sends. */
export interface SandboxDelivery {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A sandbox, and a host whose one connection opens it over a real socket. */
export interface OpenedSandbox<Sandbox extends ConnectorSandbox = ConnectorSandbox> {
  readonly sandbox: Sandbox;
  readonly host: Host;
  /** The connection's id, the same in every host, so that two hosts give a vendor the same keys. */
  readonly connection: string;
  /** The last part of the address that the vendor's webhook delivers to. */
  readonly hook: string;
  /** The newest 1,000 calls, oldest first. */
  readonly calls: readonly ToolCall[];
  /** The whole answer of a call, good or bad. */
  answer(tool: string, args: object, extras?: CallExtras): Promise<Answer>;
  /** The structured output of a call. @throws {Error} with what a model reads, where the call fails. */
  call<T = Record<string, unknown>>(tool: string, args: object, extras?: CallExtras): Promise<T>;
  /** What a model reads of a call that fails. @throws {Error} where it succeeds. */
  failure(tool: string, args: object, extras?: CallExtras): Promise<string>;
  /** Brings a delivery of the vendor's webhook. @throws {ToolError} where it is refused. */
  deliver(delivery: SandboxDelivery): Promise<void>;
  /** Closes the host, and then the sandbox. */
  close(): Promise<void>;
}

const connection = 'the-connection';
const hook = 'the-hook';
const maxCalls = 1_000;

/**
 * Opens a sandbox behind a host of its own, for a connector's tests: calls go the whole way, validated, metered and guarded, over a real
 * socket, and retries wait a millisecond.
 */
export async function openSandbox<Sandbox extends ConnectorSandbox>(
  connector: Connector,
  sandbox: Sandbox,
  { config = sandbox.config, ...options }: OpenSandboxOptions = {},
): Promise<OpenedSandbox<Sandbox>> {
  const host = createHost({
    ...(await vendorWire()),
    ...options,
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
      const given = await answer(tool, args, extras);
      if (given.isError) throw new Error(answerText(given));
      return given.structuredContent as T;
    },
    async failure(tool, args, extras) {
      const given = await answer(tool, args, extras);
      if (!given.isError) throw new Error(`${tool} succeeded: ${answerText(given)}`);
      return answerText(given);
    },
    async deliver({ headers, body }) {
      await host.webhook(hook, new Headers(headers), new TextEncoder().encode(body));
    },
    async close() {
      await host.close();
      await sandbox.close();
    },
  };
}
