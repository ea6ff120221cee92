interface VendorLimit {
  readonly most: number;
  /** SendGrid's page that states the limit. */
  readonly source: string;
}

const api = 'https://www.twilio.com/docs/sendgrid/api-reference';
const mailSend = `${api}/mail-send/mail-send`;
const errors = `${api}/mail-send/errors`;

/** SendGrid's limits, each with its source. A request beyond a limit fails in the sandbox as it does at SendGrid. */
export const limits = {
  /** Recipients per request: to, cc and bcc of all personalizations together. The API description limits only the personalizations. */
  recipients: { most: 1_000, source: errors },
  personalizations: { most: 1_000, source: errors },
  /** Bytes of the whole request, attachments included. */
  mailBytes: { most: 30 * 1024 * 1024, source: mailSend },
  categories: { most: 10, source: mailSend },
  /** Characters of a category's name. */
  category: { most: 255, source: mailSend },
  /** Bytes of one personalization's custom arguments, as JSON: they must be fewer than 10,000. */
  argumentBytes: { most: 9_999, source: mailSend },
  /** Hours from now to `send_at`. */
  hoursAhead: { most: 72, source: mailSend },
  templatePage: { most: 200, source: `${api}/transactional-templates/retrieve-paged-transactional-templates` },
  suppressionPage: { most: 500, source: `${api}/bounces-api/retrieve-all-bounces` },
} satisfies Readonly<Record<string, VendorLimit>>;
