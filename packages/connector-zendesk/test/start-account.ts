import { openSandbox, type OpenedSandbox } from '@busbar/core/testing';
import { zendesk } from '../src/index.ts';
import { startZendeskSandbox, type ZendeskSandbox, type ZendeskSandboxOptions } from '../src/sandbox.ts';

export type Account = OpenedSandbox<ZendeskSandbox>;

/** Opens an account. `config` overrides fields of the sandbox's settings, or of its legacy settings. */
export async function startAccount(
  options: { readonly sandbox?: ZendeskSandboxOptions; readonly legacy?: boolean; readonly config?: object } = {},
): Promise<Account> {
  const sandbox = await startZendeskSandbox(options.sandbox);
  const config = { ...(options.legacy ? sandbox.legacyConfig : sandbox.config), ...options.config };
  return await openSandbox(zendesk, sandbox, { config });
}
