import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { vendors } from '../vendors/vendors.ts';

const text = z.string().min(1);

const wholeNumber = (min: number, max: number) =>
  z.coerce
    .number(`must be a whole number from ${min} to ${max}`)
    .int(`must be a whole number from ${min} to ${max}`)
    .min(min, `must be at least ${min}`)
    .max(max, `must be at most ${max}`);

const yesOrNo = z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true');

const list = text.transform((value) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

const isOrigin = (value: string) => URL.canParse(value) && new URL(value).origin === value;

const isRedisUrl = (value: string) => URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol);

const isReceiver = (value: string) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
};

const isDatabaseUrl = (value: string) => URL.canParse(value) && /^postgres(ql)?:$/.test(new URL(value).protocol);

const vendorSettings = Object.fromEntries(
  vendors.flatMap(({ settings: rows }) => Object.entries(rows).map(([name, description]) => [name, text.optional().describe(description)])),
);

/** Every setting there is. The README's table is held against it by a test. */
export const settings = z.object({
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be development, test or production')
    .default('development')
    .describe('In `production` the server refuses to start with settings that are unsafe there.'),
  HOST: text.default('127.0.0.1').describe('The address to listen on. `0.0.0.0` is every network that the machine is in.'),
  PORT: wholeNumber(0, 65_535).default(3000).describe('The port to listen on. 0 takes any free one.'),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'], 'must be debug, info, warn, error or silent')
    .default('info')
    .describe('The least level that is logged: `debug`, `info`, `warn`, `error` or `silent`.'),
  BUSBAR_DATA_DIR: text.default('.busbar').describe('The folder of the embedded database. One process owns it.'),
  DATABASE_URL: text
    .refine(isDatabaseUrl, 'must be a URL such as postgres://user:password@host:5432/database')
    .optional()
    .describe('A PostgreSQL server to use instead of the folder. Several replicas may share it.'),
  REDIS_URL: text
    .refine(isRedisUrl, 'must be a URL such as redis://host:6379 or rediss://user:password@host:6379')
    .optional()
    .describe('A Redis that replicas share rate limits, vendors’ budgets and the cache through. Default: each process keeps its own.'),
  BUSBAR_WORKERS: z
    .union([z.literal('auto').transform(() => availableParallelism()), wholeNumber(1, 64)], 'must be a whole number from 1 to 64, or auto')
    .default(1)
    .describe(
      'How many processes serve the port: `auto` is one for each core. More than 1 needs `DATABASE_URL` and `REDIS_URL`, which they share, and Linux.',
    ),
  BUSBAR_SECRET: text
    .min(32, 'must be at least 32 characters, such as the output of: openssl rand -hex 32')
    .optional()
    .describe(
      'Signs what clients carry back, such as page cursors, and seals what connectors store: at least 32 characters, the same on all replicas. Needed in production; else made at the first start and kept in the data folder.',
    ),
  BUSBAR_DEMO: yesOrNo
    .optional()
    .describe('`true` serves sandboxes instead of vendors. Default: `true` with no vendor configured, but in production never by itself.'),
  BUSBAR_ALLOWED_HOSTS: list
    .optional()
    .describe(
      'The host names, without port, that requests may be addressed to, separated by commas. Default: those of this machine when it listens there alone, else any.',
    ),
  BUSBAR_ALLOWED_ORIGINS: list
    .refine((origins) => origins.every(isOrigin), 'must be origins such as https://app.example.com, separated by commas')
    .optional()
    .describe(
      'The origins whose web pages may call, separated by commas. Default: pages of this machine when it listens there alone, else none.',
    ),
  BUSBAR_TRUST_PROXY: yesOrNo
    .default(false)
    .describe('`true` where a proxy of yours stands before the server: the caller is then the last address of `X-Forwarded-For`.'),
  BUSBAR_CALLS_PER_MINUTE: wholeNumber(1, 1_000_000).default(100).describe('How many requests a key may make in a minute.'),
  BUSBAR_CALLS_PER_HOUR: wholeNumber(1, 10_000_000).default(1_000).describe('How many requests a key may make in an hour.'),
  BUSBAR_TENANT_CALLS_PER_MINUTE: wholeNumber(1, 10_000_000)
    .optional()
    .describe('How many requests all keys of a tenant together may make in a minute. Default: as many as its keys may.'),
  BUSBAR_CONNECTOR_CALLS_PER_MINUTE: wholeNumber(1, 10_000_000)
    .optional()
    .describe('How many calls a tenant may make to one connector in a minute. Default: no limit.'),
  BUSBAR_ADDRESS_CALLS_PER_MINUTE: wholeNumber(1, 10_000_000)
    .default(6_000)
    .describe('How many requests an address may make in a minute, whatever its keys.'),
  BUSBAR_MAX_RUNNING: wholeNumber(1, 1_000_000)
    .default(1_500)
    .describe('How many requests a process takes on at once. Those beyond it are refused with 503 and `Retry-After`.'),
  BUSBAR_CALL_TIMEOUT_MS: wholeNumber(100, 600_000).default(30_000).describe('How long a call may take.'),
  BUSBAR_QUOTAS: text.optional().describe('A JSON file with the quotas of tenants, keys, connectors and tools. The same on all replicas.'),
  BUSBAR_PRICES: text.optional().describe('A JSON file with what calls cost. The same on all replicas.'),
  BUSBAR_DURABLE_SETTLE: yesOrNo
    .default(true)
    .describe('`false` answers a call before its end is in the database. That is faster, and a crash may lose the last ends: see Data.'),
  BUSBAR_AUDIT_RETENTION_DAYS: wholeNumber(1, 36_500).optional().describe('How long the audit is kept. Default: for good.'),
  BUSBAR_REPEAT_WINDOW_MS: wholeNumber(0, 86_400_000)
    .default(0)
    .describe(
      'For so long after a write without an idempotency key, an equal one of the same key is answered with its answer, and not done again. 0 is never.',
    ),
  BUSBAR_STALE_IF_ERROR_MS: wholeNumber(0, 86_400_000)
    .default(0)
    .describe('For so long after its time a kept answer of a read is given, with a warning, where a newer one cannot be had. 0 is never.'),
  BUSBAR_MAX_BODY_BYTES: wholeNumber(1_024, 100 * 2 ** 20)
    .default(4 * 2 ** 20)
    .describe('The largest request that is read.'),
  BUSBAR_DRAIN_MS: wholeNumber(100, 600_000).default(10_000).describe('How long the server may take to stop after SIGTERM.'),
  BUSBAR_LEASE_MS: wholeNumber(1_000, 600_000)
    .default(30_000)
    .describe('How long after a replica died its calls are ended by another. The clocks of replicas must agree within a third of it.'),
  BUSBAR_CHECK_EVERY_MS: wholeNumber(1_000, 86_400_000)
    .default(300_000)
    .describe('How often connections are checked for the health pages.'),
  BUSBAR_OPEN_METRICS: yesOrNo
    .default(false)
    .describe('`true` answers `/metrics` to everybody. Otherwise to this machine, and to whoever shows a key.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: text
    .refine(isReceiver, 'must be a URL such as http://127.0.0.1:4318, without a password')
    .optional()
    .describe('Where traces of calls are sent: an OpenTelemetry collector, such as `http://127.0.0.1:4318`. Default: nowhere.'),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .enum(['http/protobuf'], 'must be http/protobuf, the one that this server speaks: collectors take it on port 4318')
    .default('http/protobuf')
    .describe('How: nothing else than `http/protobuf`.'),
  OTEL_TRACES_EXPORTER: z
    .enum(['otlp', 'none'], 'must be otlp or none')
    .default('otlp')
    .describe('`none` sends no traces, also where there is an endpoint.'),
  OTEL_TRACES_SAMPLER: z
    .enum(
      ['parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'],
      'must be parentbased_always_on, parentbased_always_off or parentbased_traceidratio',
    )
    .default('parentbased_always_on')
    .describe(
      'Which calls are traced where the caller does not say so in its `traceparent`: all, none (`parentbased_always_off`), or a share (`parentbased_traceidratio`).',
    ),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number('must be a number from 0 to 1')
    .min(0, 'must be at least 0')
    .max(1, 'must be at most 1')
    .default(1)
    .describe('That share, from 0 to 1.'),
  BUSBAR_REMAP_ORIGINS: list
    .transform((pairs) => pairs.map((pair) => pair.split('=')))
    .refine((pairs) => pairs.every((pair) => pair.length === 2 && pair.every(isOrigin)), {
      error: 'must be pairs such as https://acme.zendesk.com=http://127.0.0.1:4010, separated by commas',
    })
    .transform((pairs) => Object.fromEntries(pairs) as Record<string, string>)
    .optional()
    .describe('Sends requests for an origin elsewhere, to a sandbox. Refused in production.'),
  BUSBAR_USAGE_EVENTS_URL: text
    .refine(isReceiver, 'must be a URL such as https://openmeter.example.com/api/v1/events, without a password')
    .optional()
    .describe(
      'Where an event for each charged call is sent, such as OpenMeter’s `/api/v1/events` or `https://api.stripe.com/v1/billing/meter_events`. Default: nowhere.',
    ),
  BUSBAR_USAGE_EVENTS_TOKEN: text.optional().describe('The bearer token for that URL.'),
  BUSBAR_USAGE_EVENTS_FORMAT: z
    .enum(['openmeter', 'stripe'], 'must be openmeter or stripe')
    .default('openmeter')
    .describe('`openmeter`: CloudEvents in batches. `stripe`: meter events, one a request.'),
  BUSBAR_USAGE_EVENTS_TYPE: text
    .max(100, 'must be at most 100 characters')
    .default('busbar.call')
    .describe('The type of CloudEvents, or the event name of Stripe’s meter.'),
  BUSBAR_USAGE_EVENTS_VALUE: z
    .enum(['units', 'calls', 'price'], 'must be units, calls or price')
    .default('units')
    .describe('What Stripe’s meter counts: `units`, `calls`, or `price` in millionths of the currency.'),
  BUSBAR_USAGE_EVENTS_CUSTOMERS: list
    .transform((pairs) => pairs.map((pair) => pair.split('=')))
    .refine((pairs) => pairs.every((pair) => pair.length === 2 && pair.every((part) => part !== '')), {
      error: 'must be pairs such as acme=cus_NciAYcXfLnqBoz, separated by commas',
    })
    .transform((pairs) => Object.fromEntries(pairs) as Record<string, string>)
    .optional()
    .describe('Stripe’s customer for each tenant, as pairs such as `acme=cus_123`, separated by commas. Default: the tenant’s own name.'),
  BUSBAR_CONNECTIONS: text
    .optional()
    .describe('A JSON file with connections: several accounts of a vendor, or those of other tenants. The same on all replicas.'),
  // As plain text: each vendor's connector says what fits.
  ...(vendorSettings as object),
});
