import type { Address } from './addresses.ts';

/** The name of the custom argument that carries {@link Mail.key} into every event of the e-mail. */
export const keyArgument = 'busbar_key';

/** One e-mail: its recipients and the data for its template. All recipients of an envelope see its `to` and `cc`, but not its `bcc`. */
export interface Envelope {
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

/** The content of all envelopes: either a subject with text or HTML, or a template. */
export interface Content {
  readonly subject?: string | undefined;
  readonly text?: string | undefined;
  readonly html?: string | undefined;
  readonly templateId?: string | undefined;
}

/** Sending options that apply to all envelopes. */
export interface Delivery {
  readonly from: Address;
  readonly replyTo?: Address | undefined;
  readonly categories?: readonly string[] | undefined;
  /** Seconds since the epoch. */
  readonly sendAt?: number | undefined;
  readonly unsubscribeGroupId?: number | undefined;
}

/** A request to send e-mail. */
export interface Mail extends Content, Delivery {
  readonly envelopes: readonly Envelope[];
  /** Identifies the events of this request if its answer is lost. */
  readonly key: string;
}

/** Returns the body of SendGrid's request for an e-mail. */
export function mailBody(mail: Mail): object {
  const { envelopes, key, from, replyTo, subject, text, html, templateId, categories, sendAt, unsubscribeGroupId } = mail;
  // SendGrid requires plain text first.
  const content = [
    ...(text === undefined ? [] : [{ type: 'text/plain', value: text }]),
    ...(html === undefined ? [] : [{ type: 'text/html', value: html }]),
  ];
  return {
    personalizations: envelopes.map(({ to, cc, bcc, data }) => ({
      to,
      ...(cc.length > 0 && { cc }),
      ...(bcc.length > 0 && { bcc }),
      ...(data && { dynamic_template_data: data }),
      custom_args: { [keyArgument]: key },
    })),
    from,
    reply_to: replyTo,
    subject,
    ...(content.length > 0 && { content }),
    template_id: templateId,
    categories,
    send_at: sendAt,
    ...(unsubscribeGroupId !== undefined && { asm: { group_id: unsubscribeGroupId } }),
  };
}

/** Counts the recipients of an e-mail: to, cc and bcc of all envelopes. */
export const recipientCount = (envelopes: readonly Pick<Envelope, 'to' | 'cc' | 'bcc'>[]): number =>
  envelopes.reduce((sum, { to, cc, bcc }) => sum + to.length + cc.length + bcc.length, 0);
