import { truncate } from '@busbar/core';
import { readRecipient, type Address } from './addresses.ts';
import type { Envelope } from './mail.ts';

/** One of many e-mails, as a caller writes it. */
export interface BulkMessage {
  readonly to: string;
  readonly cc?: readonly string[] | undefined;
  readonly bcc?: readonly string[] | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

/** Whether a recipient is in the request. */
export interface PlannedRecipient {
  /** Index of the message, from 0. */
  readonly message: number;
  readonly field: 'to' | 'cc' | 'bcc';
  readonly address: string;
  /** Why the recipient is left out. Absent: it is in the request. */
  readonly refusal?: string;
}

/** Counts the addresses of the messages, valid and invalid. */
export const addressCount = (messages: readonly BulkMessage[]): number =>
  messages.reduce((sum, { cc = [], bcc = [] }) => sum + 1 + cc.length + bcc.length, 0);

/**
 * Puts messages into envelopes. Leaves out addresses for which SendGrid would refuse the whole request: invalid addresses, and addresses
 * that a message repeats. Also leaves out a `to` that is the `to` of an earlier message. If a message's `to` is left out, so are its
 * copies.
 */
export function planBulk(messages: readonly BulkMessage[]): {
  readonly envelopes: readonly Envelope[];
  readonly recipients: readonly PlannedRecipient[];
} {
  const envelopes: Envelope[] = [];
  const recipients: PlannedRecipient[] = [];
  const reached = new Set<string>();
  for (const [message, { to, cc = [], bcc = [], data }] of messages.entries()) {
    const inMessage = new Set<string>();
    const take = (field: PlannedRecipient['field'], text: string, withoutTo = false): Address[] => {
      const read = readRecipient(text);
      const email = typeof read === 'string' ? '' : read.email.toLowerCase();
      const address = truncate(text.trim(), 300) ?? '';
      const refusal =
        typeof read === 'string'
          ? read
          : withoutTo
            ? 'is a copy of a message whose to was refused'
            : inMessage.has(email)
              ? 'is in this message already'
              : field === 'to' && reached.has(email)
                ? 'is the to of an earlier message'
                : undefined;
      if (refusal !== undefined || typeof read === 'string') {
        recipients.push({ message, field, address, refusal: refusal ?? '' });
        return [];
      }
      inMessage.add(email);
      if (field === 'to') reached.add(email);
      recipients.push({ message, field, address });
      return [read];
    };
    const first = take('to', to);
    const refused = first.length === 0;
    const copies = { cc: cc.flatMap((text) => take('cc', text, refused)), bcc: bcc.flatMap((text) => take('bcc', text, refused)) };
    if (!refused) envelopes.push({ to: first, ...copies, data });
  }
  return { envelopes, recipients };
}
