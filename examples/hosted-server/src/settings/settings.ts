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

const trueOrFalse = z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true');

const list = text.transform((value) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

const pairs = (isPart: (part: string) => boolean, error: string) =>
  list
    .transform((parts) => parts.map((pair) => pair.split('=')))
    .refine((split) => split.every((pair) => pair.length === 2 && pair.every(isPart)), { error })
    .transform((split) => Object.fromEntries(split) as Record<string, string>);

const isOrigin = (value: string) => URL.canParse(value) && new URL(value).origin === value;

// A port, a path or a wildcard would match no request, so that all of them would be refused.
const isHostname = (value: string) => /^([a-z\d._-]+|\[[\da-f:.]+\])$/i.test(value);

const minDifferent = 8;
const maxPeriod = 16;

/** Whether a secret may be random: it has several different characters and is not a repeated text. Of 16 random bytes, hardly any fails. */
function looksRandom(secret: string): boolean {
  for (let period = 1; period <= maxPeriod; period += 1) if (secret.startsWith(secret.slice(period))) return false;
  return new Set(secret).size >= minDifferent;
}

const hasProtocol = (protocols: RegExp) => (value: string) => URL.canParse(value) && protocols.test(new URL(value).protocol);

// A password that ends the URL's host too early looks right to its reader.
const encode = 'Percent-encode special characters of the password, such as # as %23';

const isHttpUrl = hasProtocol(/^https?:$/);

const isHttpUrlWithoutPassword = (value: string) => isHttpUrl(value) && new URL(value).username === '' && new URL(value).password === '';

const server = {
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be development, test or production')
    .default('development')
    .describe('With `production`, the server refuses to start with unsafe settings.'),
  HOST: text.default('127.0.0.1').describe('The address to listen on. `0.0.0.0` listens on all networks of the machine.'),
  PORT: wholeNumber(0, 65_535).default(3000).describe('The port to listen on. 0 picks a free port.'),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'], 'must be debug, info, warn, error or silent')
    .default('info')
    .describe('The lowest level to log: `debug`, `info`, `warn`, `error` or `silent`.'),
  BUSBAR_WORKERS: z
    .union([z.literal('auto').transform(() => availableParallelism()), wholeNumber(1, 64)], 'must be a whole number from 1 to 64, or auto')
    .default(1)
    .describe(
      'The number of processes that serve the port. `auto` starts one for each core. More than 1 needs Linux, `DATABASE_URL` and `REDIS_URL`.',
    ),
  BUSBAR_MAX_RUNNING: wholeNumber(1, 1_000_000)
    .default(1_500)
    .describe('The requests that a process handles at the same time. It refuses others with 503 and `Retry-After`.'),
  BUSBAR_MAX_RUNNING_PER_TENANT: wholeNumber(1, 1_000_000)
    .optional()
    .describe(
      'The requests of one tenant among them. A key may have half of that. It refuses others with 429 and `Retry-After`. Default: half of `BUSBAR_MAX_RUNNING`.',
    ),
  BUSBAR_MAX_BODY_BYTES: wholeNumber(1_024, 100 * 2 ** 20)
    .default(2 ** 20)
    .describe('The largest accepted request body. All bodies of a process together may take 64 times as much.'),
  BUSBAR_DRAIN_MS: wholeNumber(100, 600_000).default(10_000).describe('The longest time a shutdown may take after SIGTERM.'),
};

const storage = {
  BUSBAR_DATA_DIR: text.default('.busbar').describe('The folder of the embedded database. Only one process can use it.'),
  DATABASE_URL: text
    .refine(hasProtocol(/^postgres(ql)?:$/), `must be a URL such as postgres://user:password@host:5432/database. ${encode}`)
    .optional()
    .describe('A PostgreSQL server to use instead of the embedded database. Replicas can share it.'),
  REDIS_URL: text
    .refine(hasProtocol(/^rediss?:$/), `must be a URL such as redis://host:6379 or rediss://user:password@host:6379. ${encode}`)
    .optional()
    .describe(
      'A Redis server through which replicas share rate limits, vendors’ budgets and the cache. Default: each process keeps its own.',
    ),
  BUSBAR_SECRET: text
    .min(32, { error: 'must be at least 32 characters, such as the output of: openssl rand -hex 32', abort: true })
    .refine(looksRandom, 'can be guessed. Use the output of: openssl rand -hex 32')
    .optional()
    .describe(
      'Signs what clients carry, such as page cursors, and seals what connectors store. At least 32 random characters, the same on all replicas. Required in production. Default: generated at the first start and kept in the data folder.',
    ),
  BUSBAR_LEASE_MS: wholeNumber(1_000, 600_000)
    .default(30_000)
    .describe(
      'The time after which another replica ends the calls of a replica that died. The clocks of replicas must agree within a third of it.',
    ),
  BUSBAR_DURABLE_SETTLE: trueOrFalse
    .default(true)
    .describe(
      '`false` answers calls before their outcome is in the database. This is faster, but a crash can lose the last outcomes: see [Data](#data).',
    ),
  BUSBAR_AUDIT_RETENTION_DAYS: wholeNumber(1, 36_500).optional().describe('The days that audit entries are kept. Default: no limit.'),
};

const access = {
  BUSBAR_ALLOWED_HOSTS: list
    .refine((hosts) => hosts.length > 0 && hosts.every(isHostname), 'must be host names such as mcp.example.com, separated by commas')
    .optional()
    .describe(
      'The host names, without ports, that requests may be sent to, separated by commas. Default: the loopback names if `HOST` is a loopback address, otherwise any name.',
    ),
  BUSBAR_ALLOWED_ORIGINS: list
    .refine((origins) => origins.every(isOrigin), 'must be origins such as https://app.example.com, separated by commas')
    .optional()
    .describe(
      'The origins whose web pages may call the server, separated by commas. Default: pages of this machine if `HOST` is a loopback address, otherwise none.',
    ),
  BUSBAR_TRUST_PROXY: trueOrFalse
    .default(false)
    .describe(
      '`true` if the server is behind your own proxy. The client’s address is then the last one in `X-Forwarded-For`. Otherwise all clients behind a proxy share the limits of its address.',
    ),
  BUSBAR_OPEN_METRICS: trueOrFalse
    .default(false)
    .describe(
      '`true` lets anyone read `/metrics`. Otherwise only requests with an API key can and, except in production, requests from this machine.',
    ),
};

const limits = {
  BUSBAR_CALLS_PER_MINUTE: wholeNumber(1, 1_000_000).default(100).describe('The requests that a key may make in a minute.'),
  BUSBAR_CALLS_PER_HOUR: wholeNumber(1, 10_000_000).default(1_000).describe('The requests that a key may make in an hour.'),
  BUSBAR_TENANT_CALLS_PER_MINUTE: wholeNumber(1, 10_000_000)
    .default(600)
    .describe('The requests that all keys of a tenant together may make in a minute.'),
  BUSBAR_KEYS_PER_TENANT: wholeNumber(1, 100_000)
    .default(100)
    .describe('The most valid keys of a tenant. The admin API creates no more. `--new-key` does.'),
  BUSBAR_CONNECTOR_CALLS_PER_MINUTE: wholeNumber(1, 10_000_000)
    .optional()
    .describe('The calls that a tenant may make to one connector in a minute. Default: no limit.'),
  BUSBAR_ADDRESS_CALLS_PER_MINUTE: wholeNumber(1, 10_000_000)
    .default(6_000)
    .describe('The requests that a network address (with IPv6, a /64 network) may make in a minute, with any keys.'),
  BUSBAR_ADDRESS_CONNECTIONS: wholeNumber(1, 100_000)
    .default(1_000)
    .describe(
      'The connections that a network address (with IPv6, a /64 network) may have open to a process. Not used with `BUSBAR_TRUST_PROXY`.',
    ),
  BUSBAR_QUOTAS: text
    .optional()
    .describe(
      'A JSON file with quotas for tenants, keys, connectors and tools. The same on all replicas. See [Prices and quotas](#prices-and-quotas).',
    ),
  BUSBAR_PRICES: text
    .optional()
    .describe('A JSON file with the prices of calls. The same on all replicas. See [Prices and quotas](#prices-and-quotas).'),
};

const calls = {
  BUSBAR_CALL_TIMEOUT_MS: wholeNumber(100, 600_000).default(30_000).describe('The longest time a call may take.'),
  BUSBAR_REPEAT_WINDOW_MS: wholeNumber(0, 86_400_000)
    .default(0)
    .describe(
      'The time in which an API key that repeats a write without an idempotency key gets the first answer, and the write is not executed again. 0 turns this off.',
    ),
  BUSBAR_STALE_IF_ERROR_MS: wholeNumber(0, 86_400_000)
    .default(0)
    .describe('The time after its expiry in which a cached read is still served, with a warning, if a new read fails. 0 turns this off.'),
};

const usageEvents = {
  BUSBAR_USAGE_EVENTS_URL: text
    .refine(isHttpUrlWithoutPassword, 'must be a URL such as https://openmeter.example.com/api/v1/events, without a password')
    .optional()
    .describe(
      'The receiver of an event for each charged call, such as OpenMeter’s `/api/v1/events` or `https://api.stripe.com/v1/billing/meter_events`. Default: no events.',
    ),
  BUSBAR_USAGE_EVENTS_TOKEN: text.optional().describe('The bearer token for that URL.'),
  BUSBAR_USAGE_EVENTS_FORMAT: z
    .enum(['openmeter', 'stripe'], 'must be openmeter or stripe')
    .default('openmeter')
    .describe('`openmeter` sends CloudEvents in batches, `stripe` one meter event in a request.'),
  BUSBAR_USAGE_EVENTS_TYPE: text
    .max(100, 'must be at most 100 characters')
    .default('busbar.call')
    .describe('The type of the CloudEvents, or the event name of Stripe’s meter.'),
  BUSBAR_USAGE_EVENTS_VALUE: z
    .enum(['units', 'calls', 'price'], 'must be units, calls or price')
    .default('units')
    .describe('The quantity that Stripe’s meter counts: `units`, `calls`, or `price` in millionths of the currency.'),
  BUSBAR_USAGE_EVENTS_CUSTOMERS: pairs((part) => part !== '', 'must be pairs such as acme=cus_NciAYcXfLnqBoz, separated by commas')
    .optional()
    .describe('Stripe’s customer for each tenant, as pairs such as `acme=cus_123`, separated by commas. Default: the tenant’s own name.'),
};

const monitoring = {
  BUSBAR_CHECK_EVERY_MS: wholeNumber(1_000, 86_400_000)
    .default(300_000)
    .describe('The interval of the connection checks that the health pages report.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: text
    .refine(isHttpUrlWithoutPassword, 'must be a URL such as http://127.0.0.1:4318, without a password')
    .optional()
    .describe(
      'The OpenTelemetry collector that traces are sent to, such as `http://127.0.0.1:4318`. In production, a collector on another machine needs `https:`. Default: no traces.',
    ),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .enum(['http/protobuf'], 'must be http/protobuf, the only supported protocol. Collectors accept it on port 4318')
    .default('http/protobuf')
    .describe('The protocol. Only `http/protobuf` is supported.'),
  OTEL_TRACES_EXPORTER: z
    .enum(['otlp', 'none'], 'must be otlp or none')
    .default('otlp')
    .describe('`none` turns traces off, even if an endpoint is set.'),
  OTEL_TRACES_SAMPLER: z
    .enum(
      ['parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'],
      'must be parentbased_always_on, parentbased_always_off or parentbased_traceidratio',
    )
    .default('parentbased_always_on')
    .describe(
      'The calls to trace if the caller’s `traceparent` does not decide it: all, none (`parentbased_always_off`) or a share (`parentbased_traceidratio`).',
    ),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number('must be a number from 0 to 1')
    .min(0, 'must be at least 0')
    .max(1, 'must be at most 1')
    .default(1)
    .describe('The share of calls to trace, from 0 to 1, with `parentbased_traceidratio`.'),
};

const accounts = {
  BUSBAR_DEMO: trueOrFalse
    .optional()
    .describe('`true` serves sandboxes instead of vendors. Default: `true` if no vendor is configured, but not in production.'),
  BUSBAR_CONNECTIONS: text
    .optional()
    .describe('A JSON file with connections: several accounts of a vendor, or accounts of other tenants. The same on all replicas.'),
  BUSBAR_REMAP_ORIGINS: pairs(isOrigin, 'must be pairs such as https://acme.zendesk.com=http://127.0.0.1:4010, separated by commas')
    .optional()
    .describe(
      'Sends requests for an origin to another one, such as a sandbox, as pairs `from=to` separated by commas. Not allowed in production.',
    ),
};

// Text only: each vendor's connector validates the values.
const vendorSettings = Object.fromEntries(
  vendors.flatMap(({ settings: rows }) => Object.entries(rows).map(([name, description]) => [name, text.optional().describe(description)])),
);

/** All settings. A test compares them with the tables in the README. */
export const settings = z.object({
  ...server,
  ...storage,
  ...access,
  ...limits,
  ...calls,
  ...usageEvents,
  ...monitoring,
  ...accounts,
  ...(vendorSettings as object),
});
