import type { Context, Services } from '@busbar/core';
import { ToolError } from '@busbar/core';
import { readAddress, type Address } from './addresses.ts';
import { eventLog } from './events.ts';
import { mailBody, type Content, type Delivery, type Envelope } from './mail.ts';
import { ScopesAnswer, StatsAnswer, SuppressionsAnswer, TemplateAnswer, TemplatesAnswer } from './schemas.ts';

/** The lists of addresses that SendGrid does not send to. */
export const suppressionLists = ['bounces', 'blocks', 'invalid_emails', 'spam_reports', 'unsubscribes'] as const;
export type SuppressionList = (typeof suppressionLists)[number];

/** The settings that the client works with. */
interface Settings {
  readonly region: 'global' | 'eu';
  readonly from?: string | undefined;
  readonly webhookKey?: string | undefined;
}

/** Where an account's API is. */
export const hostOf = (region: Settings['region']): string => (region === 'eu' ? 'api.eu.sendgrid.com' : 'api.sendgrid.com');

/** SendGrid's API, as far as the tools need it. */
export function createClient({ http, state, clock, config }: Pick<Services<Settings>, 'http' | 'state' | 'clock' | 'config'>) {
  const sender = config.from === undefined ? undefined : readAddress(config.from);

  return {
    clock,
    host: hostOf(config.region),
    events: state.log(eventLog),
    /** Whether the connection can verify, and so take, what the Event Webhook delivers. */
    takesEvents: config.webhookKey !== undefined,

    /** The address that is given, else the connection's own. @throws {ToolError} INVALID_INPUT where there is neither. */
    sender(given: Address | undefined): Address {
      if (given) return given;
      if (sender !== undefined && typeof sender !== 'string') return sender;
      throw new ToolError('INVALID_INPUT', 'Give from: this connection has no sender of its own. It must be verified at SendGrid.');
    },

    /**
     * Sends, in one request. It is never repeated once it may have been taken: SendGrid knows no idempotency key, so a second one would
     * reach everybody twice.
     *
     * @returns the message id, where SendGrid gave one.
     */
    async sendMail(context: Context, mail: Content & Delivery & { readonly envelopes: readonly Envelope[] }): Promise<string | undefined> {
      const key = context.key('mail');
      const { headers } = await http.request(
        {
          method: 'POST',
          path: '/v3/mail/send',
          body: { json: mailBody({ ...mail, key }) },
          limit: 'mail-send',
          retry: 'never',
          ifLost: config.webhookKey
            ? `Do not send it again yet. Look in some minutes with sendgrid_track_email_events (sendKey "${key}"): any event there means that SendGrid took it.`
            : `Do not send it again before someone has looked in SendGrid’s Activity Feed, where a message that was taken has the custom argument busbar_key "${key}".`,
        },
        context,
      );
      return headers.get('x-message-id') ?? undefined;
    },

    async listTemplates(
      context: Context,
      page: { readonly generations: string; readonly size: number; readonly token?: string | undefined },
    ) {
      const { data } = await http.request(
        {
          method: 'GET',
          path: '/v3/templates',
          query: { generations: page.generations, page_size: page.size, page_token: page.token },
          response: TemplatesAnswer,
        },
        context,
      );
      return { templates: data.result ?? [], next: tokenIn(data._metadata?.next) };
    },

    async getTemplate(context: Context, id: string) {
      const { data } = await http.request(
        {
          method: 'GET',
          path: '/v3/templates/{id}',
          params: { id },
          response: TemplateAnswer,
        },
        context,
      );
      return data;
    },

    /** `email` is the beginning of an address. Times are seconds since the epoch, both ends included. */
    async listSuppressions(
      context: Context,
      list: SuppressionList,
      filter: { readonly email?: string | undefined; readonly start?: number | undefined; readonly end?: number | undefined },
      page: { readonly limit: number; readonly offset: number },
    ) {
      const { data } = await http.request(
        {
          method: 'GET',
          path: `/v3/suppression/${list}`,
          query: { email: filter.email, start_time: filter.start, end_time: filter.end, limit: page.limit, offset: page.offset },
          response: SuppressionsAnswer,
        },
        context,
      );
      return data;
    },

    /** False: the address was not on the list. */
    async removeSuppression(context: Context, list: SuppressionList, email: string): Promise<boolean> {
      const { status } = await http.request(
        {
          method: 'DELETE',
          path: list === 'unsubscribes' ? '/v3/asm/suppressions/global/{email}' : `/v3/suppression/${list}/{email}`,
          params: { email },
          accept: [404],
          retry: 'never',
          ifLost: `Look with sendgrid_list_suppressions (list "${list}", this address) and remove it again only if it is still there.`,
        },
        context,
      );
      return status !== 404;
    },

    /** Of the whole account, or of one category: core's queries name a parameter once. Dates are days, both included. */
    async getStats(
      context: Context,
      range: { readonly start: string; readonly end?: string | undefined; readonly by: string; readonly category?: string | undefined },
    ) {
      const query = { start_date: range.start, end_date: range.end, aggregated_by: range.by };
      const { data } = await http.request(
        {
          method: 'GET',
          ...(range.category === undefined
            ? { path: '/v3/stats', query }
            : { path: '/v3/categories/stats', query: { ...query, categories: range.category } }),
          response: StatsAnswer,
        },
        context,
      );
      return data;
    },

    /** What the API key may do. */
    async listScopes(context: Context) {
      const { data } = await http.request({ method: 'GET', path: '/v3/scopes', response: ScopesAnswer }, context);
      return data.scopes;
    },
  };
}

/** See {@link createClient}. */
export type SendGridClient = ReturnType<typeof createClient>;

function tokenIn(url: string | null | undefined): string | undefined {
  if (!url) return undefined;
  return URL.parse(url, 'https://api.sendgrid.com')?.searchParams.get('page_token') ?? undefined;
}
