import { createHost, localPrincipal, memoryConnections, type Answer, type Clock, type Host } from '@busbar/core';
import { cockatielResilience } from '@busbar/core/adapters/cockatiel';
import { gotSender } from '@busbar/core/adapters/got';
import { sendgrid } from '../src/index.ts';
import { startSendGridSandbox, type SendGridSandbox, type SendGridSandboxOptions } from '../src/sandbox.ts';

/** A sandbox, and a host whose one connection opens it over a real socket. */
export interface Account {
  readonly sandbox: SendGridSandbox;
  readonly host: Host;
  readonly connection: string;
  /** The whole answer of a call, good or bad. */
  answer(tool: string, args: object, signal?: AbortSignal): Promise<Answer>;
  /** The structured output of a call that has to succeed. */
  call<T = Record<string, unknown>>(tool: string, args: object): Promise<T>;
  /** What a model reads of a call that has to fail. */
  failure(tool: string, args: object, signal?: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

const connection = 'the-connection';

/** Opens an account; its webhook is at `/hooks/the-hook`. Retries wait a moment only. `clock` is the host's. */
export async function startAccount(
  options: { readonly sandbox?: SendGridSandboxOptions; readonly config?: object; readonly clock?: Clock } = {},
): Promise<Account> {
  const sandbox = await startSendGridSandbox(options.sandbox);
  const host = createHost({
    connectors: [sendgrid],
    connections: memoryConnections([
      { connector: 'sendgrid', id: connection, hook: 'the-hook', config: { ...sandbox.config, ...options.config } },
    ]),
    sender: gotSender(),
    resilience: cockatielResilience({ backoffMs: 1 }),
    remapOrigins: sandbox.remapOrigins,
    ...(options.clock && { clock: options.clock }),
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
