import { createHost, localPrincipal, memoryConnections, type Answer, type Host } from '@busbar/core';
import { cockatielResilience } from '@busbar/core/adapters/cockatiel';
import { gotSender } from '@busbar/core/adapters/got';
import { salesforce } from '../src/index.ts';
import { startSalesforceSandbox, type SalesforceSandbox, type SalesforceSandboxOptions } from '../src/sandbox.ts';

/** A sandbox, and a host whose one connection opens it over a real socket. */
export interface Org {
  readonly sandbox: SalesforceSandbox;
  readonly host: Host;
  readonly connection: string;
  /** The whole answer of a call, good or bad. */
  answer(tool: string, args: object, signal?: AbortSignal): Promise<Answer>;
  /** The structured output of a call that has to succeed. */
  call<T = Record<string, any>>(tool: string, args: object): Promise<T>;
  /** What a model reads of a call that has to fail. */
  failure(tool: string, args: object, signal?: AbortSignal): Promise<string>;
  /** The requests of one route, or of all but those for tokens. */
  sent(route?: string): SalesforceSandbox['requests'];
  close(): Promise<void>;
}

const connection = 'the-connection';

/** Below `/services/data/{version}`. */
export const route = (method: string, path: string): string => `${method} /services/data/{version}${path}`;

/** Opens an org. Retries wait a moment only. */
export async function startOrg(options: SalesforceSandboxOptions = {}, config: object = {}): Promise<Org> {
  const sandbox = await startSalesforceSandbox(options);
  const host = createHost({
    connectors: [salesforce],
    connections: memoryConnections([{ connector: 'salesforce', id: connection, config: { ...sandbox.config, ...config } }]),
    sender: gotSender(),
    resilience: cockatielResilience({ backoffMs: 1 }),
    remapOrigins: sandbox.remapOrigins,
  });

  async function answer(tool: string, args: object, signal = new AbortController().signal): Promise<Answer> {
    const result = await host.call({ principal: localPrincipal, tool, arguments: args, signal });
    if (result.kind !== 'answer') throw new Error(`${tool} asked: ${result.message}`);
    return result.answer;
  }

  return {
    sandbox,
    host,
    connection,
    answer,
    async call<T>(tool: string, args: object) {
      const given = await answer(tool, args);
      if (given.isError) throw new Error(textOf(given));
      return given.structuredContent as T;
    },
    async failure(tool, args, signal) {
      const given = await answer(tool, args, signal);
      if (!given.isError) throw new Error(`${tool} succeeded: ${textOf(given)}`);
      return textOf(given);
    },
    sent: (one) =>
      sandbox.requests.filter((request) => (one === undefined ? request.path.startsWith('/services/data') : request.route === one)),
    async close() {
      await host.close();
      await sandbox.close();
    },
  };
}

/** All text of an answer, one part a line: what a model reads. */
export function textOf({ content }: Answer): string {
  return content.map((part) => (part.type === 'text' ? part.text : `[${part.type}]`)).join('\n');
}
