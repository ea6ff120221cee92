import { manualClock } from '@busbar/core/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSendGridSandbox, type SendGridSandbox } from '../src/sandbox.ts';
import { limits } from '../src/sandbox/limits.ts';

/** An answer: its status, and SendGrid's message if it is a refusal. */
type Seen = readonly [status: number, problem: string | undefined];

interface LimitCase {
  /** Sends a request at the limit. */
  readonly at: () => Promise<Seen>;
  /** Sends a request beyond the limit. */
  readonly over: () => Promise<Seen>;
  /** SendGrid's answer to the request beyond the limit: the field, and the beginning of its message. */
  readonly refused: Seen;
}

const clock = manualClock();
let sandbox: SendGridSandbox;
beforeAll(async () => {
  sandbox = await startSendGridSandbox({ clock });
});
afterAll(() => sandbox.close());

async function ask(method: string, path: string, body?: string): Promise<Seen> {
  const headers = { authorization: `Bearer ${sandbox.config.apiKey}`, 'content-type': 'application/json' };
  const response = await fetch(sandbox.url + path, { method, headers, ...(body !== undefined && { body }) });
  const text = await response.text();
  const [error] = text === '' ? [] : ((JSON.parse(text) as { errors?: { field: string | null; message: string }[] }).errors ?? []);
  return [response.status, error && `${error.field}: ${error.message}`];
}

const mail = {
  personalizations: [{ to: [{ email: 'ada@example.org' }] }],
  from: { email: 'sender@example.com' },
  subject: 'S',
  content: [{ type: 'text/plain', value: 'T' }],
};
const send = (fields: object) => ask('POST', '/v3/mail/send', JSON.stringify({ ...mail, ...fields }));
const people = (count: number) => Array.from({ length: count }, (_, index) => ({ email: `p${index}@example.org` }));
const names = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`);
/** Recipients in to, cc and bcc of two personalizations. */
const sendTo = (count: number) => {
  const all = people(count);
  const [to, cc, bcc] = [all.slice(0, 300), all.slice(300, 600), all.slice(600)];
  return send({
    personalizations: [
      { to, cc },
      { to: bcc.slice(0, 1), bcc: bcc.slice(1) },
    ],
  });
};
const sendBytes = (count: number) => {
  const empty = JSON.stringify({ ...mail, content: [{ type: 'text/plain', value: '' }] }).length;
  return send({ content: [{ type: 'text/plain', value: 'x'.repeat(count - empty) }] });
};
const sendArguments = (bytes: number) =>
  send({ personalizations: [{ ...mail.personalizations[0], custom_args: { a: 'x'.repeat(bytes - '{"a":""}'.length) } }] });
const sendAt = (seconds: number) => send({ send_at: clock.now() / 1_000 + seconds });

const cases: Readonly<Record<keyof typeof limits, LimitCase>> = {
  recipients: {
    at: () => sendTo(1_000),
    over: () => sendTo(1_001),
    refused: [400, 'personalizations: There is a limit of 1000 total recipients (to + cc + bcc) per request.'],
  },
  personalizations: {
    at: () => send({ personalizations: people(1_000).map((to) => ({ to: [to] })) }),
    over: () => send({ personalizations: people(1_001).map((to) => ({ to: [to] })) }),
    refused: [
      400,
      'personalizations: The personalization block is limited to 1000 personalizations per API request. You have provided 1001',
    ],
  },
  mailBytes: {
    at: () => sendBytes(31_457_280),
    over: () => sendBytes(31_457_281),
    refused: [413, 'null: payload too large'],
  },
  categories: {
    at: () => send({ categories: names(10) }),
    over: () => send({ categories: names(11) }),
    refused: [400, 'categories: You cannot have more than 10 categories.'],
  },
  category: {
    at: () => send({ categories: ['x'.repeat(255)] }),
    over: () => send({ categories: ['x'.repeat(256)] }),
    refused: [400, 'categories: A category cannot be longer than 255 characters.'],
  },
  argumentBytes: {
    at: () => sendArguments(9_999),
    over: () => sendArguments(10_000),
    refused: [400, 'personalizations.0.custom_args: Your combined custom arguments must be less than 10000 bytes.'],
  },
  hoursAhead: {
    at: () => sendAt(72 * 3_600),
    over: () => sendAt(72 * 3_600 + 1),
    refused: [400, 'send_at: Scheduling more than 72 hours in advance is forbidden.'],
  },
  templatePage: {
    at: () => ask('GET', '/v3/templates?generations=dynamic&page_size=200'),
    over: () => ask('GET', '/v3/templates?generations=dynamic&page_size=201'),
    refused: [400, 'page_size: page_size is required and must be between 1 and 200'],
  },
  suppressionPage: {
    at: () => ask('GET', '/v3/suppression/bounces?limit=500'),
    over: () => ask('GET', '/v3/suppression/bounces?limit=501'),
    refused: [400, 'limit: limit must be between 1 and 500'],
  },
};

test.each(Object.keys(limits) as (keyof typeof limits)[])(
  '%s: a request at the limit is accepted, and a request one beyond it is refused',
  async (name) => {
    const { at, over, refused } = cases[name];
    const [status, problem] = await at();
    expect([Math.floor(status / 100), problem]).toEqual([2, undefined]);
    const [wanted, words = ''] = refused;
    const [got, message] = await over();
    expect([got, message?.slice(0, words.length)]).toEqual([wanted, words]);
  },
);

test('each limit names its page of SendGrid’s documentation', () => {
  for (const { source } of Object.values(limits)) expect(source).toMatch(/^https:\/\/www\.twilio\.com\/docs\/sendgrid\/api-reference\/.+/);
});
