/** One charged call, for billing. */
export interface UsageRecord {
  /** The call's id. Repeated events for the call carry the same id. */
  readonly callId: string;
  readonly tenant: string;
  /** The id of the calling key or user. */
  readonly key: string;
  readonly connector: string;
  /** The connection's opaque id. */
  readonly connection: string;
  readonly tool: string;
  /** The `status` of the call's `Outcome`. */
  readonly status: string;
  readonly units: number;
  /** Whole millionths of the currency. */
  readonly price: number;
  readonly upstreamRequests: number;
  readonly bytesOut: number;
  /** An estimate. */
  readonly tokensOut: number;
  /** When the call began, in milliseconds since the epoch. This time determines the day and month to which the call is billed. */
  readonly startedAt: number;
  /** When the call ended, in milliseconds since the epoch. */
  readonly endedAt: number;
}

/** A usage record as a CloudEvent 1.0, which OpenMeter accepts. */
export interface UsageCloudEvent {
  readonly specversion: '1.0';
  /** The call's id. Together with `source` it identifies the event, so that receivers count it once. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** The tenant. */
  readonly subject: string;
  /** When the call began, as ISO 8601. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: Readonly<Record<string, string | number>>;
}

/** Options for {@link usageCloudEvent}. */
export interface UsageCloudEventOptions {
  /** The sender. Use the same source on all replicas and never change it, because receivers identify events by source and id. */
  readonly source: string;
  /** The event type that your meters match. */
  readonly type: string;
}

/** Converts a charged call to a CloudEvent. The price is a decimal number in text form. See {@link moneyText}. */
export function usageCloudEvent(record: UsageRecord, { source, type }: UsageCloudEventOptions): UsageCloudEvent {
  const { callId, tenant, startedAt, endedAt, price, ...rest } = record;
  return {
    specversion: '1.0',
    id: callId,
    source,
    type,
    subject: tenant,
    time: new Date(startedAt).toISOString(),
    datacontenttype: 'application/json',
    data: { ...rest, price: moneyText(price), durationMs: endedAt - startedAt },
  };
}

/** The form fields of Stripe's `/v1/billing/meter_events`. */
export type StripeMeterEvent = Readonly<
  Record<'event_name' | 'identifier' | 'timestamp' | 'payload[stripe_customer_id]' | 'payload[value]', string>
>;

/** Options for {@link stripeMeterEvent}. */
export interface StripeMeterEventOptions {
  /** The meter's event name. */
  readonly eventName: string;
  /** The value to count: units, calls (1 each), or the price in whole millionths of the currency. */
  readonly value: 'units' | 'calls' | 'price';
  /** The customer's id at Stripe. */
  readonly customer: string;
}

/**
 * Converts a charged call to a Stripe meter event. The identifier is the call's id. Stripe deduplicates identifiers for at least 24 hours.
 */
export function stripeMeterEvent(record: UsageRecord, { eventName, value, customer }: StripeMeterEventOptions): StripeMeterEvent {
  return {
    event_name: eventName,
    identifier: record.callId,
    timestamp: String(Math.floor(record.startedAt / 1_000)),
    'payload[stripe_customer_id]': customer,
    'payload[value]': String({ units: record.units, calls: 1, price: record.price }[value]),
  };
}

/** Formats whole millionths, 0 or more, as a decimal number with 6 places: 20,000 is `0.020000`. Exact at any size. */
export function moneyText(millionths: bigint | number): string {
  const digits = String(millionths).padStart(7, '0');
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
