import type { Clock } from '@busbar/core';
import { openSandbox, type OpenedSandbox } from '@busbar/core/testing';
import { sendgrid } from '../src/index.ts';
import { startSendGridSandbox, type SendGridSandbox, type SendGridSandboxOptions } from '../src/sandbox.ts';

export type Account = OpenedSandbox<SendGridSandbox>;

/** Opens an account. `config` overrides fields of the sandbox's settings, and `clock` is the host's clock. */
export async function startAccount(
  options: { readonly sandbox?: SendGridSandboxOptions; readonly config?: object; readonly clock?: Clock } = {},
): Promise<Account> {
  const sandbox = await startSendGridSandbox(options.sandbox);
  return await openSandbox(sendgrid, sandbox, {
    config: { ...sandbox.config, ...options.config },
    ...(options.clock && { clock: options.clock }),
  });
}
