import { createHost, localPrincipal, memoryConnections, type Answer, type Host } from '@busbar/core';
import { cockatielResilience } from '@busbar/core/adapters/cockatiel';
import { gotSender } from '@busbar/core/adapters/got';
import { zendesk } from '../src/index.ts';
import { startZendeskSandbox, type ZendeskEvent, type ZendeskSandbox, type ZendeskSandboxOptions } from '../src/sandbox.ts';

/** What a test adds to a call. */
interface CallExtras {
  readonly signal?: AbortSignal;
  readonly idempotencyKey?: string;
}

/** A sandbox, and a host whose one connection opens it over a real socket. */
export interface Account {
  readonly sandbox: ZendeskSandbox;
  readonly host: Host;
  readonly connection: string;
  /** The whole answer of a call, good or bad. */
  answer(tool: string, args: object, extras?: CallExtras): Promise<Answer>;
  /** The structured output of a call that has to succeed. */
  call<T = Record<string, unknown>>(tool: string, args: object, extras?: CallExtras): Promise<T>;
  /** What a model reads of a call that has to fail. */
  failure(tool: string, args: object, extras?: CallExtras): Promise<string>;
  /** Has Zendesk's webhook bring an event, under the present time and the account's own secret. */
  deliver(event: ZendeskEvent): Promise<void>;
  close(): Promise<void>;
}

const connectionId = 'the-connection';
/** The last part of the address that the webhook of every account delivers to. */
export const hook = 'the-hook';

/** A host whose one connection opens the sandbox, always under the same id. Retries wait a moment only. */
export function openHost(sandbox: Pick<ZendeskSandbox, 'remapOrigins'>, config: object): Host {
  return createHost({
    connectors: [zendesk],
    connections: memoryConnections([{ connector: 'zendesk', id: connectionId, config, hook }]),
    sender: gotSender(),
    resilience: cockatielResilience({ backoffMs: 1 }),
    remapOrigins: sandbox.remapOrigins,
  });
}

/** Opens an account. */
export async function startAccount(
  options: {
    readonly sandbox?: ZendeskSandboxOptions;
    readonly legacy?: boolean;
    readonly config?: object;
  } = {},
): Promise<Account> {
  const sandbox = await startZendeskSandbox(options.sandbox);
  const config = { ...(options.legacy ? sandbox.legacyConfig : sandbox.config), ...options.config };
  const host = openHost(sandbox, config);

  async function answer(
    tool: string,
    args: object,
    { signal = new AbortController().signal, idempotencyKey }: CallExtras = {},
  ): Promise<Answer> {
    const result = await host.call({ principal: localPrincipal, tool, arguments: args, signal, idempotencyKey });
    if (result.kind !== 'answer') throw new Error(`${tool} asked: ${result.message}`);
    return result.answer;
  }

  return {
    sandbox,
    host,
    connection: connectionId,
    answer,
    async call<T>(tool: string, args: object, extras?: CallExtras) {
      const given = await answer(tool, args, extras);
      if (given.isError) throw new Error(textOf(given));
      return given.structuredContent as T;
    },
    async failure(tool, args, extras) {
      const given = await answer(tool, args, extras);
      if (!given.isError) throw new Error(`${tool} succeeded: ${textOf(given)}`);
      return textOf(given);
    },
    async deliver(event) {
      const { headers, body } = await sandbox.delivery(event);
      await host.webhook(hook, new Headers(headers), new TextEncoder().encode(body));
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
