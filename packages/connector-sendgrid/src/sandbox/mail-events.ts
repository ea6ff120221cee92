import type { SentMail } from './check-mail.ts';

/** An accepted mail with the id that the answer returned. */
export interface KeptMail {
  readonly id: string;
  readonly mail: SentMail;
}

/** Returns SendGrid's events for each recipient of an e-mail: dropped, or processed and delivered. */
export function mailEvents({ id, mail }: KeptMail, nowMs: number, isSuppressed: (email: string) => boolean): object[] {
  const timestamp = Math.floor(nowMs / 1_000);
  const recipients = mail.personalizations.flatMap(({ to = [], cc, bcc, custom_args }) =>
    [...to, ...cc, ...bcc].map(({ email = '' }) => ({ email, custom_args })),
  );
  return recipients.flatMap(({ email, custom_args }, index) => {
    const recipientEvent = (event: string) => ({
      email,
      timestamp,
      event,
      sg_event_id: btoa(`${event}-${index}-${id}`).replaceAll('=', ''),
      sg_message_id: `${id}.recvd-sandbox-${index}.0`,
      'smtp-id': `<${id}@sandbox.sendgrid.net>`,
      ...(mail.categories.length > 0 && { category: mail.categories }),
      ...custom_args,
    });
    if (isSuppressed(email)) return [{ ...recipientEvent('dropped'), reason: 'Bounced Address' }];
    return [recipientEvent('processed'), { ...recipientEvent('delivered'), response: '250 OK' }];
  });
}
