/** One call that was charged, as it is billed. */
export interface UsageRecord {
  /** The call's id: an event for it has the same, however often it is sent. */
  readonly callId: string;
  readonly tenant: string;
  /** The id of the key or user that called. */
  readonly key: string;
  readonly connector: string;
  /** The connection's opaque id. */
  readonly connection: string;
  readonly tool: string;
  /** An `Outcome`'s status. */
  readonly status: string;
  readonly units: number;
  /** Whole millionths of the currency. */
  readonly price: number;
  readonly upstreamRequests: number;
  readonly bytesOut: number;
  /** An estimate. */
  readonly tokensOut: number;
  /** When the call began, in milliseconds since the epoch. It is billed in that day or month. */
  readonly startedAt: number;
  /** When it ended, in milliseconds since the epoch. */
  readonly endedAt: number;
}

/** A usage record in the form of CloudEvents 1.0, which OpenMeter takes. */
export interface UsageCloudEvent {
  readonly specversion: '1.0';
  /** The call's id. With `source` it names the event, so that a receiver counts it once. */
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

/** The form of a {@link UsageCloudEvent}. */
export interface UsageCloudEventOptions {
  /** Who sends: the same for all replicas and for ever, as receivers tell events apart by it and the id. */
  readonly source: string;
  /** What meters look for. */
  readonly type: string;
}

/** A charged call as a CloudEvent. Its price is a decimal number of the currency, as text: see {@link moneyText}. */
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

/** A usage record as Stripe's `/v1/billing/meter_events` takes it: the fields of its form. */
export type StripeMeterEvent = Readonly<
  Record<'event_name' | 'identifier' | 'timestamp' | 'payload[stripe_customer_id]' | 'payload[value]', string>
>;

/** The form of a {@link StripeMeterEvent}. */
export interface StripeMeterEventOptions {
  /** The meter's event name. */
  readonly eventName: string;
  /** What is counted: units, calls (1 each), or the price in whole millionths of the currency. */
  readonly value: 'units' | 'calls' | 'price';
  /** The id of Stripe's customer. */
  readonly customer: string;
}

/** A charged call as a meter event of Stripe. The identifier, which Stripe counts once in at least 24 hours, is the call's id. */
export function stripeMeterEvent(record: UsageRecord, { eventName, value, customer }: StripeMeterEventOptions): StripeMeterEvent {
  return {
    event_name: eventName,
    identifier: record.callId,
    timestamp: String(Math.floor(record.startedAt / 1_000)),
    'payload[stripe_customer_id]': customer,
    'payload[value]': String({ units: record.units, calls: 1, price: record.price }[value]),
  };
}

/** Whole millionths, 0 or more, as a decimal number with 6 places: 20,000 is `0.020000`. Exact at any size. */
export function moneyText(millionths: bigint | number): string {
  const digits = String(millionths).padStart(7, '0');
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
