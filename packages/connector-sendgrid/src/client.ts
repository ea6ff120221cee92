import type { Context, Services } from '@busbar/core';
import { nextPage, onePage, ToolError } from '@busbar/core';
import { readAddress, type Address } from './addresses.ts';
import { eventLog } from './events.ts';
import { mailBody, type Content, type Delivery, type Envelope } from './mail.ts';
import { GlobalSuppressionAnswer, ScopesAnswer, StatsAnswer, SuppressionsAnswer, TemplateAnswer, TemplatesAnswer } from './schemas.ts';

/** The lists of addresses that SendGrid does not send to. */
export const suppressionLists = ['bounces', 'blocks', 'invalid_emails', 'spam_reports', 'unsubscribes'] as const;
export type SuppressionList = (typeof suppressionLists)[number];

/** The settings that the client uses. */
interface Settings {
  readonly region: 'global' | 'eu';
  readonly from?: string | undefined;
  readonly webhookKey?: string | undefined;
}

/** Returns the API's host name for a region. */
export const hostOf = (region: Settings['region']): string => (region === 'eu' ? 'api.eu.sendgrid.com' : 'api.sendgrid.com');

/** Creates the client: the operations of SendGrid's API that the tools use. */
export function createClient({ http, state, clock, config }: Pick<Services<Settings>, 'http' | 'state' | 'clock' | 'config'>) {
  const defaultSender = config.from === undefined ? undefined : readAddress(config.from);

  /** Whether an address is on the list of those that get no e-mail at all. */
  async function isUnsubscribed(email: string, context: Context): Promise<boolean> {
    const { data } = await http.request(
      { method: 'GET', path: '/v3/asm/suppressions/global/{email}', params: { email }, response: GlobalSuppressionAnswer },
      context,
    );
    return Boolean(data.recipient_email);
  }

  return {
    clock,
    host: hostOf(config.region),
    events: state.log(eventLog),
    /** Whether the connection has the key that verifies deliveries of the Event Webhook. */
    receivesEvents: config.webhookKey !== undefined,

    /** Returns `from`, or the connection's own sender by default. @throws {ToolError} INVALID_INPUT if there is neither. */
    sender(from: Address | undefined): Address {
      if (from) return from;
      if (defaultSender !== undefined && typeof defaultSender !== 'string') return defaultSender;
      throw new ToolError('INVALID_INPUT', 'Give from: this connection has no sender of its own. SendGrid must have verified the address.');
    },

    /**
     * Sends an e-mail in one request. The request is never repeated once SendGrid may have accepted it: SendGrid has no idempotency keys,
     * so a second request would reach every recipient twice.
     *
     * @returns the message id, if SendGrid returned one.
     */
    async sendMail(mail: Content & Delivery & { readonly envelopes: readonly Envelope[] }, context: Context): Promise<string | undefined> {
      const key = context.key('mail');
      const { headers } = await http.request(
        {
          method: 'POST',
          path: '/v3/mail/send',
          body: { json: mailBody({ ...mail, key }) },
          limit: 'mail-send',
          retry: 'never',
          ifLost: config.webhookKey
            ? `Do not send it again yet. Look in some minutes with sendgrid_track_email_events (sendKey "${key}"): any event there means that SendGrid accepted it.`
            : `Do not send it again before someone has looked in SendGrid’s Activity Feed, where an accepted message has the custom argument busbar_key "${key}".`,
        },
        context,
      );
      return headers.get('x-message-id') ?? undefined;
    },

    /** Lists a page of templates. `next` is the token of the page after it. Warns if there is such a page without a token. */
    async listTemplates(
      page: { readonly generations: string; readonly size: number; readonly token?: string | undefined },
      context: Context,
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
      const link = data._metadata?.next;
      const end = { more: Boolean(link), next: readPageToken(link), current: page.token };
      return { templates: onePage('SendGrid', data.result ?? [], page.size, context), next: nextPage('SendGrid', end, context) };
    },

    async getTemplate(id: string, context: Context) {
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

    /**
     * Lists the entries of a suppression list. `email` is the beginning of an address. Times are seconds since the epoch, both ends
     * included.
     */
    async listSuppressions(
      list: SuppressionList,
      filter: { readonly email?: string | undefined; readonly start?: number | undefined; readonly end?: number | undefined },
      page: { readonly limit: number; readonly offset: number },
      context: Context,
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

    /** Removes an address from a list. Returns false if the address was not on it. */
    async removeSuppression(list: SuppressionList, email: string, context: Context): Promise<boolean> {
      // For this list, SendGrid answers a removal in the same way if there was nothing to remove.
      if (list === 'unsubscribes' && !(await isUnsubscribed(email, context))) return false;
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

    /**
     * Reads counts for the whole account or for one category. It cannot read several categories, because a query in core cannot repeat a
     * parameter. The range includes its first and last day.
     */
    async getStats(
      range: { readonly start: string; readonly end?: string | undefined; readonly by: string; readonly category?: string | undefined },
      context: Context,
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

    /** Lists the API key's permissions. */
    async listScopes(context: Context) {
      const { data } = await http.request({ method: 'GET', path: '/v3/scopes', response: ScopesAnswer }, context);
      return data.scopes;
    },
  };
}

/** See {@link createClient}. */
export type SendGridClient = ReturnType<typeof createClient>;

function readPageToken(url: string | null | undefined): string | undefined {
  if (!url) return undefined;
  return URL.parse(url, 'https://api.sendgrid.com')?.searchParams.get('page_token') ?? undefined;
}
