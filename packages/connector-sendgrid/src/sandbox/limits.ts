interface VendorLimit {
  readonly most: number;
  /** SendGrid's page that says so. */
  readonly source: string;
}

const api = 'https://www.twilio.com/docs/sendgrid/api-reference';
const mailSend = `${api}/mail-send/mail-send`;
const errors = `${api}/mail-send/errors`;

/** What SendGrid takes, and where it says so. What goes beyond one of these fails in the sandbox as it would there. */
export const limits = {
  /** In one request, over to, cc and bcc of all personalizations. The description itself bounds the personalizations alone. */
  recipients: { most: 1_000, source: errors },
  personalizations: { most: 1_000, source: errors },
  /** Of the whole request, attachments included. */
  mailBytes: { most: 30 * 1024 * 1024, source: mailSend },
  categories: { most: 10, source: mailSend },
  /** Characters. */
  category: { most: 255, source: mailSend },
  /** Of one personalization's custom arguments, as JSON: they must stay below 10,000. */
  argumentBytes: { most: 9_999, source: mailSend },
  /** From now to `send_at`. */
  hoursAhead: { most: 72, source: mailSend },
  templatePage: { most: 200, source: `${api}/transactional-templates/retrieve-paged-transactional-templates` },
  suppressionPage: { most: 500, source: `${api}/bounces-api/retrieve-all-bounces` },
} satisfies Readonly<Record<string, VendorLimit>>;
