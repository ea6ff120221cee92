import type { Clock } from '@busbar/core';
import { startSimulator, vendorClock, type Simulator, type SimulatorHandler } from '@busbar/core/testing';
import { suppressionLists, type SuppressionList } from './client.ts';
import { checkMail, type SentMail } from './sandbox/check-mail.ts';
import { limits } from './sandbox/limits.ts';
import { mailEvents, type KeptMail } from './sandbox/mail-events.ts';
import { createRateLimits } from './sandbox/rate-limits.ts';
import { plainRefusal, refusal } from './sandbox/refusal.ts';
import { seed, type SuppressionRecord, type TemplateRecord } from './sandbox/seed.ts';
import { createSigner, eventsBody, type SignedDelivery } from './sandbox/sign.ts';
import { countMails } from './sandbox/count-mails.ts';

export type { KeptMail, SentMail, SignedDelivery, SuppressionRecord, TemplateRecord };

/** Options for the sandbox. All have defaults. */
export interface SendGridSandboxOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly hostname?: string;
  /** The clock for limits and timestamps. Default: real time. */
  readonly clock?: Clock;
  /** Default `SG.sandbox`. */
  readonly apiKey?: string;
  /** The key's permissions. Default: all that the connector needs. */
  readonly scopes?: readonly string[];
  /** The only verified sender. Default `sender@example.com`. */
  readonly sender?: string;
  /** The limit on requests per minute for each operation except mail/send. Default 600. */
  readonly requestsPerMinute?: number;
  /** How many of the newest requests the sandbox keeps. Default 1,000. */
  readonly maxRequests?: number;
}

/** A local SendGrid account. It accepts e-mail but sends none, and starts with a few made-up templates and suppressions. */
export interface SendGridSandbox extends Simulator {
  /** The settings of a connection to this account. */
  readonly config: { readonly apiKey: string; readonly from: string; readonly webhookKey: string };
  /** The host option that redirects the account's traffic to the sandbox, for both regions. */
  readonly remapOrigins: Readonly<Record<string, string>>;
  /** The newest 1,000 accepted e-mails, oldest first. */
  readonly mails: readonly KeptMail[];
  readonly templates: readonly TemplateRecord[];
  suppressed(list: SuppressionList): readonly SuppressionRecord[];
  /**
   * Returns SendGrid's events for an e-mail's recipients: dropped, or processed and delivered. Opens and clicks are not included: create
   * them yourself.
   */
  eventsOf(mail: KeptMail): object[];
  /** Returns a delivery of the Event Webhook, signed with the account's key. POST it to the connection's webhook. */
  deliver(events: readonly object[]): Promise<SignedDelivery>;
  /** Returns the headers that the Event Webhook would send with this body, signed with the current time. */
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

/** Starts a local SendGrid that supports the connector's operations and has SendGrid's limits, paging and refusals. */
export async function startSendGridSandbox(options: SendGridSandboxOptions = {}): Promise<SendGridSandbox> {
  const { apiKey = 'SG.sandbox', scopes = allScopes, sender = 'sender@example.com', requestsPerMinute = 600 } = options;
  const clock = vendorClock(options.clock);
  const { templates, suppressions: seeded } = seed(clock.now());
  const suppressions = new Map<SuppressionList, SuppressionRecord[]>(suppressionLists.map((list) => [list, [...seeded[list]]]));
  const suppressed = (list: SuppressionList): SuppressionRecord[] => suppressions.get(list) ?? [];
  const isSuppressed = (email: string): boolean =>
    suppressionLists.some((list) => suppressed(list).some((record) => record.email.toLowerCase() === email.toLowerCase()));
  const mails: KeptMail[] = [];
  const rateLimits = createRateLimits(clock, requestsPerMinute);
  const signer = await createSigner();

  const withPermission =
    (scope: string | undefined, handler: SimulatorHandler): SimulatorHandler =>
    (request) => {
      if (request.headers['authorization'] !== `Bearer ${apiKey}`) throw plainRefusal(401);
      if (scope !== undefined && !scopes.includes(scope)) throw plainRefusal(403);
      rateLimits.take(request.route);
      return handler(request);
    };

  const listSuppressions = (name: SuppressionList): SimulatorHandler => {
    return ({ query }) => {
      const [limit, offset] = [readWhole(query, 'limit', limits.suppressionPage.most), readWhole(query, 'offset', 0)];
      if (limit < 1 || limit > limits.suppressionPage.most)
        throw refusal(400, `limit must be between 1 and ${limits.suppressionPage.most}`, 'limit');
      const [start, end] = [readWhole(query, 'start_time', 0), readWhole(query, 'end_time', Number.MAX_SAFE_INTEGER)];
      const email = (query.get('email') ?? '').toLowerCase();
      const found = suppressed(name).filter(
        (record) => record.created >= start && record.created <= end && record.email.toLowerCase().startsWith(email),
      );
      return { body: found.slice(offset, offset + limit) };
    };
  };
  const removeSuppression = (name: SuppressionList): SimulatorHandler => {
    return ({ params }) => {
      const kept = suppressed(name).filter(({ email }) => email.toLowerCase() !== params['email']?.toLowerCase());
      // SendGrid says nothing about an address that is not on the list of all e-mail.
      if (kept.length === suppressed(name).length && name !== 'unsubscribes') throw plainRefusal(404);
      suppressions.set(name, kept);
      return { status: 204 };
    };
  };

  const simulator = await startSimulator({
    port: options.port,
    hostname: options.hostname,
    maxRequests: options.maxRequests,
    clock,
    maxBodyBytes: limits.mailBytes.most,
    headers: ({ route }) => rateLimits.headers(route),
    failure: (status) => ({ body: plainRefusal(status).body }),
    routes: {
      'POST /v3/mail/send': withPermission('mail.send', ({ body }) => {
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

      'GET /v3/templates': withPermission('templates.read', ({ query }) => {
        const size = Number(query.get('page_size') ?? Number.NaN);
        if (!(size >= 1 && size <= limits.templatePage.most))
          throw refusal(400, `page_size is required and must be between 1 and ${limits.templatePage.most}`, 'page_size');
        const generations = (query.get('generations') ?? 'legacy').split(',');
        const all = templates.filter(({ generation }) => generations.includes(generation));
        const start = readPageToken(query.get('page_token'));
        const link = (at: number): string => {
          const parameters = new URLSearchParams(query);
          parameters.set('page_token', btoa(`at:${at}`));
          return `https://api.sendgrid.com/v3/templates?${parameters.toString()}`;
        };
        const more = start + size < all.length;
        const metadata = { self: link(start), count: all.length, ...(more && { next: link(start + size) }) };
        return { body: { result: all.slice(start, start + size), _metadata: metadata } };
      }),

      'GET /v3/templates/{id}': withPermission('templates.read', ({ params }) => {
        const template = templates.find(({ id }) => id === params['id']);
        if (!template) throw plainRefusal(404);
        return { body: template };
      }),

      ...Object.fromEntries(
        suppressionLists.flatMap((name) => [
          [`GET /v3/suppression/${name}`, withPermission('suppression.read', listSuppressions(name))],
          [
            name === 'unsubscribes' ? 'DELETE /v3/asm/suppressions/global/{email}' : `DELETE /v3/suppression/${name}/{email}`,
            withPermission('suppression.delete', removeSuppression(name)),
          ],
        ]),
      ),

      'GET /v3/asm/suppressions/global/{email}': withPermission('suppression.read', ({ params }) => {
        const found = suppressed('unsubscribes').find(({ email }) => email.toLowerCase() === params['email']?.toLowerCase());
        return { body: found ? { recipient_email: found.email } : {} };
      }),

      'GET /v3/stats': withPermission('stats.read', ({ query }) => ({ body: countMails(mails, query, clock.now(), isSuppressed) })),
      'GET /v3/categories/stats': withPermission('categories.stats.read', ({ query }) => {
        if (!query.has('categories')) throw refusal(400, 'categories is required', 'categories');
        return { body: countMails(mails, query, clock.now(), isSuppressed) };
      }),

      'GET /v3/scopes': withPermission(undefined, () => ({ body: { scopes } })),
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

/** Reads a whole number from the query. @throws {VendorError} if the value is not a whole number. */
function readWhole(query: URLSearchParams, name: string, absent: number): number {
  const text = query.get(name);
  if (text === null) return absent;
  if (!/^\d{1,15}$/.test(text)) throw refusal(400, `${name} must be a whole number`, name);
  return Number(text);
}

function readPageToken(token: string | null): number {
  if (token === null) return 0;
  try {
    const position = /^at:(\d+)$/.exec(atob(token))?.[1];
    if (position !== undefined) return Number(position);
  } catch {
    // Not base64, so not a token of this sandbox.
  }
  throw refusal(400, 'page_token is not valid', 'page_token');
}
