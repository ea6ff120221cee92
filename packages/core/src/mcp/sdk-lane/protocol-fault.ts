import { textStart } from '../../connector/truncate.ts';

const maxReason = 100;

/**
 * Returns what the log says of an error of the SDK: its name and the beginning of its message. The SDK quotes the client's message after
 * that, in the stack too, and this may be long or hold a secret.
 */
export function protocolFault({ name, message }: Error): { readonly fault: string } {
  const [reason = ''] = message.split(/[:;{["'`\n]/u, 1);
  return { fault: textStart(`${name}: ${reason.trim()}`, maxReason) };
}
