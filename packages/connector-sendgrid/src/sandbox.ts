import type { Clock } from '@busbar/core';
import {
  startSimulator,
  vendorClock,
  type Simulator,
  type SimulatorAnswer,
  type SimulatorHandler,
  type SimulatorRequest,
} from '@busbar/core/testing';
import { suppressionLists, type SuppressionList } from './client.ts';
import { checkMail, type SentMail } from './sandbox/check-mail.ts';
import { limits } from './sandbox/limits.ts';
import { mailEvents, type KeptMail } from './sandbox/mail-events.ts';
import { createRateLimits } from './sandbox/rate-limits.ts';
import { plainRefusal, Refusal } from './sandbox/refusal.ts';
import { seed, type SuppressionRecord, type TemplateRecord } from './sandbox/seed.ts';
import { createSigner, eventsBody, type SignedDelivery } from './sandbox/sign.ts';
import { countMails } from './sandbox/count-mails.ts';

export type { KeptMail, SentMail, SignedDelivery, SuppressionRecord, TemplateRecord };

/** How the sandbox is set up. Everything has a default. */
export interface SendGridSandboxOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly hostname?: string;
  /** What limits and timestamps go by. Default: real time. */
  readonly clock?: Clock;
  /** Default `SG.sandbox`. */
  readonly apiKey?: string;
  /** What the key may do. Default: all that the connector asks for. */
  readonly scopes?: readonly string[];
  /** The one sender that is verified. Default `sender@example.com`. */
  readonly sender?: string;
  /** How many requests of each operation but mail/send there may be in a minute. Default 600. */
  readonly requestsPerMinute?: number;
  /** How many of the newest requests are kept. Default 1,000. */
  readonly maxRequests?: number;
}

/** A SendGrid account on this machine. It takes e-mail and sends none, and starts with a few made-up templates and suppressions. */
export interface SendGridSandbox extends Simulator {
  /** A connection's settings that open this account. */
  readonly config: { readonly apiKey: string; readonly from: string; readonly webhookKey: string };
  /** The host option that sends the account's traffic here, of both regions. */
  readonly remapOrigins: Readonly<Record<string, string>>;
  /** The newest 1,000 mails that were taken, oldest first. */
  readonly mails: readonly KeptMail[];
  readonly templates: readonly TemplateRecord[];
  suppressed(list: SuppressionList): readonly SuppressionRecord[];
  /** What SendGrid tells of a mail's recipients: dropped, or processed and delivered. For opens and clicks write events of your own. */
  eventsOf(mail: KeptMail): object[];
  /** A delivery of the Event Webhook, signed with the account's key, to be posted to the connection's hook. */
  deliver(events: readonly object[]): Promise<SignedDelivery>;
  /** The headers with which the Event Webhook sends this body, signed now. */
  sign(body: string): Promise<Readonly<Record<string, string>>>;
}

const maxMails = 1_000;
const allScopes = [
  'mail.send',
  'templates.read',
  'suppression.read',
  'suppression.delete',
  'asm.groups.read',
  'stats.read',
  'categories.stats.read',
];

type Handler = (request: SimulatorRequest) => Pick<SimulatorAnswer, 'body' | 'headers'> & { readonly status?: number };

/** Starts a local SendGrid: the operations that the connector uses, with the vendor's limits, paging, refusals and misbehaviour. */
export async function startSendGridSandbox(options: SendGridSandboxOptions = {}): Promise<SendGridSandbox> {
  const { apiKey = 'SG.sandbox', scopes = allScopes, sender = 'sender@example.com', requestsPerMinute = 600 } = options;
  const clock = vendorClock(options.clock);
  const { templates, suppressions: seeded } = seed(clock.now());
  const suppressions = new Map<SuppressionList, SuppressionRecord[]>(suppressionLists.map((list) => [list, [...seeded[list]]]));
  const suppressed = (list: SuppressionList): SuppressionRecord[] => suppressions.get(list) ?? [];
  const isSuppressed = (email: string): boolean =>
    suppressionLists.some((list) => suppressed(list).some((one) => one.email.toLowerCase() === email.toLowerCase()));
  const mails: KeptMail[] = [];
  const rates = createRateLimits(clock, requestsPerMinute);
  const signer = await createSigner();

  const answering =
    (scope: string | undefined, handler: Handler): SimulatorHandler =>
    (request) => {
      const { route = '', headers } = request;
      const limited = route !== 'POST /v3/mail/send';
      try {
        if (headers['authorization'] !== `Bearer ${apiKey}`) throw plainRefusal(401);
        if (scope !== undefined && !scopes.includes(scope)) throw plainRefusal(403);
        if (limited) rates.take(route);
        const answer = handler(request);
        return { status: 200, ...answer, headers: { ...(limited && rates.standing(route)), ...answer.headers } };
      } catch (error) {
        if (error instanceof Refusal) return { status: error.status, body: error.body, headers: limited ? rates.standing(route) : {} };
        throw error;
      }
    };

  const list = (name: SuppressionList): Handler => {
    return ({ query }) => {
      const [limit, offset] = [whole(query, 'limit', limits.suppressionPage.most), whole(query, 'offset', 0)];
      if (limit < 1 || limit > limits.suppressionPage.most)
        throw new Refusal(400, `limit must be between 1 and ${limits.suppressionPage.most}`, 'limit');
      const [start, end] = [whole(query, 'start_time', 0), whole(query, 'end_time', Number.MAX_SAFE_INTEGER)];
      const email = (query.get('email') ?? '').toLowerCase();
      const found = suppressed(name).filter(
        (one) => one.created >= start && one.created <= end && one.email.toLowerCase().startsWith(email),
      );
      return { body: found.slice(offset, offset + limit) };
    };
  };
  const remove = (name: SuppressionList): Handler => {
    return ({ params }) => {
      const kept = suppressed(name).filter(({ email }) => email.toLowerCase() !== params['email']?.toLowerCase());
      if (kept.length === suppressed(name).length) throw plainRefusal(404);
      suppressions.set(name, kept);
      return { status: 204 };
    };
  };

  const simulator = await startSimulator({
    ...(options.port !== undefined && { port: options.port }),
    ...(options.hostname !== undefined && { hostname: options.hostname }),
    ...(options.maxRequests !== undefined && { maxRequests: options.maxRequests }),
    clock,
    maxBodyBytes: limits.mailBytes.most,
    failure: (status) => ({ body: plainRefusal(status).body }),
    routes: {
      'POST /v3/mail/send': answering('mail.send', ({ body }) => {
        const mail = checkMail(body, {
          nowMs: clock.now(),
          senders: [sender.toLowerCase()],
          hasTemplate: (id) => templates.some((template) => template.id === id),
        });
        const id = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
          .replaceAll('+', '-')
          .replaceAll('/', '_')
          .replaceAll('=', '');
        mails.push({ id, mail });
        if (mails.length > maxMails) mails.shift();
        return { status: 202, headers: { 'x-message-id': id } };
      }),

      'GET /v3/templates': answering('templates.read', ({ query }) => {
        const size = Number(query.get('page_size') ?? Number.NaN);
        if (!(size >= 1 && size <= limits.templatePage.most))
          throw new Refusal(400, `page_size is required and must be between 1 and ${limits.templatePage.most}`, 'page_size');
        const generations = (query.get('generations') ?? 'legacy').split(',');
        const all = templates.filter(({ generation }) => generations.includes(generation));
        const start = positionIn(query.get('page_token'));
        const link = (at: number): string => {
          const other = new URLSearchParams(query);
          other.set('page_token', btoa(`at:${at}`));
          return `https://api.sendgrid.com/v3/templates?${other.toString()}`;
        };
        const more = start + size < all.length;
        const metadata = { self: link(start), count: all.length, ...(more && { next: link(start + size) }) };
        return { body: { result: all.slice(start, start + size), _metadata: metadata } };
      }),

      'GET /v3/templates/{id}': answering('templates.read', ({ params }) => {
        const template = templates.find(({ id }) => id === params['id']);
        if (!template) throw plainRefusal(404);
        return { body: template };
      }),

      ...Object.fromEntries(
        suppressionLists.flatMap((name) => [
          [`GET /v3/suppression/${name}`, answering('suppression.read', list(name))],
          [
            name === 'unsubscribes' ? 'DELETE /v3/asm/suppressions/global/{email}' : `DELETE /v3/suppression/${name}/{email}`,
            answering('suppression.delete', remove(name)),
          ],
        ]),
      ),

      'GET /v3/stats': answering('stats.read', ({ query }) => ({ body: countMails(mails, query, clock.now(), isSuppressed) })),
      'GET /v3/categories/stats': answering('categories.stats.read', ({ query }) => {
        if (!query.has('categories')) throw new Refusal(400, 'categories is required', 'categories');
        return { body: countMails(mails, query, clock.now(), isSuppressed) };
      }),

      'GET /v3/scopes': answering(undefined, () => ({ body: { scopes } })),
    },
  });

  return {
    ...simulator,
    config: { apiKey, from: sender, webhookKey: signer.key },
    remapOrigins: { 'https://api.sendgrid.com': simulator.url, 'https://api.eu.sendgrid.com': simulator.url },
    mails,
    templates,
    suppressed,
    eventsOf: (mail) => mailEvents(mail, clock.now(), isSuppressed),
    async deliver(events) {
      const body = eventsBody(events);
      return { headers: await signer.sign(body, clock.now()), body };
    },
    sign: (body) => signer.sign(body, clock.now()),
  };
}

/** A whole number of the query. @throws {Refusal} */
function whole(query: URLSearchParams, name: string, absent: number): number {
  const text = query.get(name);
  if (text === null) return absent;
  if (!/^\d{1,15}$/.test(text)) throw new Refusal(400, `${name} must be a whole number`, name);
  return Number(text);
}

function positionIn(token: string | null): number {
  if (token === null) return 0;
  try {
    const position = /^at:(\d+)$/.exec(atob(token))?.[1];
    if (position !== undefined) return Number(position);
  } catch {
    // Not base64: no token of ours.
  }
  throw new Refusal(400, 'page_token is not valid', 'page_token');
}
