import { stripeMeterEvent, usageCloudEvent, type Clock, type Logger, type StripeMeterEventOptions, type UsageRecord } from '@busbar/core';
import { usageOutbox, type Database, type UsageDelivery, type UsageOutbox, type UsageOutboxOptions } from '@busbar/postgres';
import type { Config } from '../settings/config.ts';

/** Where usage events go, and how they look. */
export interface UsageEventsOptions {
  readonly url: string;
  /** Sent as a bearer token. Never logged. */
  readonly token?: string | undefined;
  readonly format: 'openmeter' | 'stripe';
  /** The type of CloudEvents, and the event name of Stripe's meter. */
  readonly type: string;
  /** What Stripe's meter counts. */
  readonly value: StripeMeterEventOptions['value'];
  /** Stripe's customers by tenant. A tenant that is not among them is sent as it is called here. */
  readonly customers: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

type Post = (contentType: string, body: string, signal: AbortSignal) => Promise<UsageDelivery>;

const withinMs = 10_000;
const parallelRequests = 10;
const maxReasonLength = 200;
const maxReadLength = 4_096;
const duplicate = /already exists with identifier/i;

// Stripe takes calls of the past 35 days. An hour less: what is sent now arrives later.
const stripeMaxAgeMs = (35 * 24 - 1) * 60 * 60_000;

/** The outbox that delivers usage events as the settings say. Undefined where they say nowhere. */
export function openUsageOutbox(
  config: Config,
  database: Database,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): UsageOutbox | undefined {
  const { BUSBAR_USAGE_EVENTS_URL: url, BUSBAR_USAGE_EVENTS_FORMAT: format } = config;
  if (url === undefined) return undefined;
  const send = sendUsageEvents({
    url,
    token: config.BUSBAR_USAGE_EVENTS_TOKEN,
    format,
    type: config.BUSBAR_USAGE_EVENTS_TYPE,
    value: config.BUSBAR_USAGE_EVENTS_VALUE,
    customers: config.BUSBAR_USAGE_EVENTS_CUSTOMERS ?? {},
    clock,
  });
  return usageOutbox(database, { clock, log, send, maxAgeMs: format === 'stripe' ? stripeMaxAgeMs : undefined });
}

/**
 * Sends usage events for an outbox. OpenMeter gets them as a batch of CloudEvents; where it refuses the batch, halves of it, so that one
 * event that it does not take costs no other. Stripe gets each in a request of its own. Both count an id once.
 */
export function sendUsageEvents(options: UsageEventsOptions): UsageOutboxOptions['send'] {
  const post = createPost(options);
  return options.format === 'openmeter'
    ? (records, signal) => sendCloudEvents(records, signal, post, options)
    : (records, signal) => sendMeterEvents(records, signal, post, options);
}

async function sendCloudEvents(
  records: readonly UsageRecord[],
  signal: AbortSignal,
  post: Post,
  options: UsageEventsOptions,
): Promise<readonly UsageDelivery[]> {
  const events = records.map((record) => usageCloudEvent(record, { source: 'busbar', type: options.type }));
  const delivery = await post('application/cloudevents-batch+json', JSON.stringify(events), signal);
  if (delivery.status !== 'refused' || records.length === 1) return records.map(() => delivery);
  const middle = records.length >> 1;
  const first = await sendCloudEvents(records.slice(0, middle), signal, post, options);
  return [...first, ...(await sendCloudEvents(records.slice(middle), signal, post, options))];
}

async function sendMeterEvents(
  records: readonly UsageRecord[],
  signal: AbortSignal,
  post: Post,
  { type, value, customers }: UsageEventsOptions,
): Promise<readonly UsageDelivery[]> {
  const deliveries: UsageDelivery[] = [];
  // Stripe's identifier alone makes a repetition harmless. An Idempotency-Key would have it repeat its refusals too, after what was wrong
  // has been set right.
  const send = (record: UsageRecord) => {
    const customer = Object.hasOwn(customers, record.tenant) ? customers[record.tenant] : undefined;
    const event = stripeMeterEvent(record, { eventName: type, value, customer: customer ?? record.tenant });
    return post('application/x-www-form-urlencoded', new URLSearchParams(event).toString(), signal);
  };
  // The outbox sends again what is not answered for here.
  while (deliveries.length < records.length && !deliveries.some(({ status }) => status === 'later'))
    deliveries.push(...(await Promise.all(records.slice(deliveries.length, deliveries.length + parallelRequests).map(send))));
  return deliveries;
}

function createPost({ url, token, format, clock }: UsageEventsOptions): Post {
  const authorization = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  const hide = (text: string) => (token === undefined ? text : text.replaceAll(token, '[token]'));

  async function request(contentType: string, body: string, signal: AbortSignal): Promise<UsageDelivery> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': contentType, ...authorization },
      body,
      signal,
      // The token goes nowhere else.
      redirect: 'manual',
    });
    const { status, headers } = response;
    // What is wrong with the events themselves. Any other refusal, such as that of a token, is none of theirs and passes.
    if (status === 400 || status === 413 || status === 422) {
      const said = await beginningOf(response);
      if (format === 'stripe' && duplicate.test(said)) return { status: 'delivered' };
      return { status: 'refused', reason: `status ${status}: ${hide(said).slice(0, maxReasonLength)}` };
    }
    await response.body?.cancel();
    if (response.ok) return { status: 'delivered' };
    return { status: 'later', reason: `status ${status}`, retryAfterMs: retryAfterMs(headers.get('retry-after'), clock.now()) };
  }

  return async (contentType, body, signal) => {
    const done = new AbortController();
    clock.sleep(withinMs, done.signal).then(
      () => done.abort(),
      () => {},
    );
    try {
      return await request(contentType, body, AbortSignal.any([signal, done.signal]));
    } catch (error) {
      // The message may show the URL.
      const { code, name } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
      return { status: 'later', reason: `no answer (${typeof code === 'string' ? code : name})` };
    } finally {
      done.abort();
    }
  };
}

async function beginningOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= maxReadLength) break;
  }
  return text;
}

/** Seconds, or a date (RFC 9110). */
function retryAfterMs(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
