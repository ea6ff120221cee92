import {
  stripeMeterEvent,
  textStart,
  usageCloudEvent,
  type Clock,
  type Logger,
  type StripeMeterEventOptions,
  type UsageRecord,
} from '@busbar/core';
import { usageOutbox, type Database, type UsageDelivery, type UsageOutbox, type UsageOutboxOptions } from '@busbar/postgres';
import type { Config } from '../settings/config.ts';

/** The receiver of usage events, and the format of the events. */
export interface UsageEventsOptions {
  readonly url: string;
  /** Sent as a bearer token. Never logged. */
  readonly token?: string | undefined;
  readonly format: 'openmeter' | 'stripe';
  /** The type of the CloudEvents, or the event name of Stripe's meter. */
  readonly type: string;
  /** The quantity that Stripe's meter counts. */
  readonly value: StripeMeterEventOptions['value'];
  /** Stripe's customers by tenant. A tenant without an entry is sent under its own name. */
  readonly customers: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

type Post = (contentType: string, body: string, signal: AbortSignal) => Promise<UsageDelivery>;

const requestTimeoutMs = 10_000;
const parallelRequests = 10;
const maxReasonLength = 200;
const maxErrorBodyLength = 4_096;
const duplicate = /already exists with identifier/i;

// Stripe accepts calls of the past 35 days. This is one hour less, because an event takes time to arrive.
const stripeMaxAgeMs = (35 * 24 - 1) * 60 * 60_000;

/** Opens the outbox that delivers usage events. Returns undefined without `BUSBAR_USAGE_EVENTS_URL`. */
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
 * Sends the usage events of an outbox. OpenMeter gets a batch of CloudEvents. If it refuses the batch, each half of the batch is sent
 * separately, so that one bad event does not hold up the others. Stripe gets one request for each event. Both count each id once.
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
  // Stripe's identifier alone makes a retry harmless. With an Idempotency-Key, Stripe would also repeat a refusal after its cause is fixed.
  const send = (record: UsageRecord) => {
    const customer = Object.hasOwn(customers, record.tenant) ? customers[record.tenant] : undefined;
    const event = stripeMeterEvent(record, { eventName: type, value, customer: customer ?? record.tenant });
    return post('application/x-www-form-urlencoded', new URLSearchParams(event).toString(), signal);
  };
  // The outbox sends the events without a delivery again.
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
      // Following a redirect would send the token elsewhere.
      redirect: 'manual',
    });
    const { status, headers } = response;
    // These statuses concern the events themselves. Any other refusal, such as a bad token, has another cause and may be temporary.
    if (status === 400 || status === 413 || status === 422) {
      const text = await readStart(response);
      if (format === 'stripe' && duplicate.test(text)) return { status: 'delivered' };
      return { status: 'refused', reason: `status ${status}: ${textStart(hide(text), maxReasonLength)}` };
    }
    await response.body?.cancel();
    if (response.ok) return { status: 'delivered' };
    return { status: 'later', reason: `status ${status}`, retryAfterMs: retryAfterMs(headers.get('retry-after'), clock.now()) };
  }

  return async (contentType, body, signal) => {
    const timeout = new AbortController();
    const cancel = clock.timer(requestTimeoutMs, () => timeout.abort());
    try {
      return await request(contentType, body, AbortSignal.any([signal, timeout.signal]));
    } catch (error) {
      // The error's message may contain the URL.
      const { code, name } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
      return { status: 'later', reason: `no answer (${typeof code === 'string' ? code : name})` };
    } finally {
      cancel();
    }
  };
}

/** Reads the first 4,096 characters of a body, or a little more. */
async function readStart(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= maxErrorBodyLength) break;
  }
  return text;
}

/** Returns the wait in a `Retry-After` header, which has seconds or a date (RFC 9110). */
function retryAfterMs(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
