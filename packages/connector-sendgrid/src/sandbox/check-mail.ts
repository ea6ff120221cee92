import { readEmailAddress } from '@busbar/core';
import { z } from 'zod';
import { limits } from './limits.ts';
import { refusal } from './refusal.ts';

const Address = z.looseObject({ email: z.string().optional(), name: z.string().optional() });

const Personalization = z.looseObject({
  to: z.array(Address).optional(),
  cc: z.array(Address).default([]),
  bcc: z.array(Address).default([]),
  subject: z.string().optional(),
  dynamic_template_data: z.record(z.string(), z.unknown()).optional(),
  custom_args: z.record(z.string(), z.unknown()).optional(),
});

const Mail = z.looseObject({
  personalizations: z.array(Personalization).default([]),
  from: Address.optional(),
  reply_to: Address.optional(),
  subject: z.string().optional(),
  content: z.array(z.looseObject({ type: z.string(), value: z.string() })).optional(),
  template_id: z.string().optional(),
  categories: z.array(z.string()).default([]),
  send_at: z.int().optional(),
});
/** An e-mail that the sandbox has accepted. */
export type SentMail = z.output<typeof Mail>;

const refuse = (field: string | null, message: string): never => {
  throw refusal(400, message, field);
};

/** The senders and templates of the account, which an e-mail may name, and the current time. */
interface Account {
  readonly nowMs: number;
  readonly senders: readonly string[];
  hasTemplate(id: string): boolean;
}

/** Checks an e-mail against SendGrid's rules. @throws {VendorError} in SendGrid's words, for the first rule that the e-mail breaks. */
export function checkMail(body: unknown, account: Account): SentMail {
  const { data: mail, error } = Mail.safeParse(body);
  if (!mail) {
    const [issue] = error.issues;
    return refuse(issue?.path.join('.') ?? null, `Bad Request: ${issue?.message ?? 'the body is not JSON'}`);
  }
  checkRecipients(mail);
  checkContent(mail, account);
  const from = mail.from?.email ?? '';
  if (readEmailAddress(from) !== from) refuse('from.email', 'The from object must be provided for every email send.');
  if (!account.senders.includes(from.toLowerCase())) {
    throw refusal(
      403,
      'The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.',
      'from',
    );
  }
  if (mail.reply_to && readEmailAddress(mail.reply_to.email ?? '') !== mail.reply_to.email)
    refuse('reply_to.email', 'Does not contain a valid address.');
  if (mail.categories.length > limits.categories.most)
    refuse('categories', `You cannot have more than ${limits.categories.most} categories.`);
  if (mail.categories.some((name) => name.length > limits.category.most))
    refuse('categories', `A category cannot be longer than ${limits.category.most} characters.`);
  if (new Set(mail.categories).size < mail.categories.length) refuse('categories', 'Category names must be unique.');
  if (mail.send_at !== undefined && mail.send_at * 1_000 > account.nowMs + limits.hoursAhead.most * 3_600_000)
    refuse('send_at', `Scheduling more than ${limits.hoursAhead.most} hours in advance is forbidden.`);
  return mail;
}

function checkRecipients({ personalizations }: SentMail): void {
  if (personalizations.length === 0)
    refuse('personalizations', 'The personalizations field is required and must have at least one personalization.');
  if (personalizations.length > limits.personalizations.most) {
    refuse(
      'personalizations',
      `The personalization block is limited to ${limits.personalizations.most} personalizations per API request. You have provided ${personalizations.length} personalizations. Please consider splitting this into multiple requests and resending your request.`,
    );
  }
  const total = personalizations.reduce((sum, { to = [], cc, bcc }) => sum + to.length + cc.length + bcc.length, 0);
  if (total > limits.recipients.most)
    refuse('personalizations', `There is a limit of ${limits.recipients.most} total recipients (to + cc + bcc) per request.`);
  for (const [index, personalization] of personalizations.entries()) checkPersonalization(personalization, `personalizations.${index}`);
}

function checkPersonalization({ to = [], cc, bcc, custom_args }: z.output<typeof Personalization>, field: string): void {
  if (to.length === 0) {
    refuse(
      `${field}.to`,
      'The to array is required for all personalization objects, and must have at least one email object with a valid email address.',
    );
  }
  const seen = new Set<string>();
  for (const [list, addresses] of Object.entries({ to, cc, bcc })) {
    for (const [index, { email = '', name = '' }] of addresses.entries()) {
      if (readEmailAddress(email) !== email) refuse(`${field}.${list}.${index}.email`, 'Does not contain a valid address.');
      if (/[;,]/.test(name)) refuse(`${field}.${list}.${index}.name`, 'The name must not contain a semicolon or a comma.');
      if (seen.has(email.toLowerCase())) {
        refuse(
          field,
          `Each email address in the personalization block should be unique between to, cc, and bcc. We found the first duplicate instance of [${email}] in the ${field}.${list} field.`,
        );
      }
      seen.add(email.toLowerCase());
    }
  }
  if (new TextEncoder().encode(JSON.stringify(custom_args ?? {})).length > limits.argumentBytes.most)
    refuse(`${field}.custom_args`, `Your combined custom arguments must be less than ${limits.argumentBytes.most + 1} bytes.`);
}

function checkContent({ content, template_id, subject, personalizations }: SentMail, { hasTemplate }: Account): void {
  if (template_id !== undefined) {
    if (!hasTemplate(template_id)) refuse('template_id', 'The template_id must be a valid template ID.');
    return;
  }
  if (!subject && personalizations.some((personalization) => !personalization.subject)) {
    refuse(
      'subject',
      'The subject is required. You can get around this requirement if you use a template with a subject defined or if every personalization has a subject defined.',
    );
  }
  if (!content || content.length === 0) {
    return refuse(
      'content',
      'Unless a valid template_id is provided, the content parameter is required. There must be at least one defined content block.',
    );
  }
  for (const [index, { value }] of content.entries())
    if (value === '') refuse(`content.${index}.value`, 'The content value must be a string at least one character in length.');
  const plain = content.findIndex(({ type }) => type === 'text/plain');
  if (plain > 0) refuse('content', 'If present, text/plain must be first, followed by text/html, followed by any other content.');
}
