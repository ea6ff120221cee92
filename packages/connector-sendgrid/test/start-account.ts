import type { Clock } from '@busbar/core';
import { openSandbox, type OpenedSandbox } from '@busbar/core/testing';
import { sendgrid } from '../src/index.ts';
import { startSendGridSandbox, type SendGridSandbox, type SendGridSandboxOptions } from '../src/sandbox.ts';

export type Account = OpenedSandbox<SendGridSandbox>;

/** Opens an account. `config` is added to the sandbox's, and `clock` is the host's. */
export async function startAccount(
  options: { readonly sandbox?: SendGridSandboxOptions; readonly config?: object; readonly clock?: Clock } = {},
): Promise<Account> {
  const sandbox = await startSendGridSandbox(options.sandbox);
  return await openSandbox(sendgrid, sandbox, {
    config: { ...sandbox.config, ...options.config },
    ...(options.clock && { clock: options.clock }),
  });
}
