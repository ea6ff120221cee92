import type { z } from 'zod';
import type { Authorization } from './authorization.ts';
import type { Clock } from '../clock.ts';
import type { Context, JobContext } from './context.ts';
import type { ErrorCode } from '../errors.ts';
import type { Http, HttpResponse } from './http.ts';
import type { Entry, LogSpec, State } from './state.ts';
import type { AnyTool, ToolBuilder } from './tool.ts';

/** A plugin: what one vendor offers, and how it must be treated. Written with {@link defineConnector}. */
export interface Connector<Config extends z.ZodObject = z.ZodObject, Client = any> {
  /** The version of this contract, a literal in the plugin's own source. Checked at registration. */
  readonly spec: 'v1';
  /** Kebab-case. Tool names start with it, in snake_case. */
  readonly id: string;
  /** A connection's settings. Mark secrets with `secret(…)`: they are sealed at rest and redacted everywhere. */
  readonly config: Config;
  /** `many` lets a tenant have several connections and adds the `connection` input to the tools. Default `one`. */
  readonly connections?: 'one' | 'many';
  /** The vendor's budgets, by name. A request says which it draws on; `default` is what it draws on otherwise. */
  readonly limits?: Readonly<Record<string, UpstreamLimit>>;
  /**
   * Where the connector may send to: exact HTTPS origins, or `https://*.example.com`, where `*.` spans any number of labels. Absent:
   * nowhere. Tenants write the config, so give a field that is put into an origin a pattern.
   */
  origins?(config: z.output<Config>): readonly string[];
  /** Which kind of authorization the vendor takes. A declaration: core fetches, keeps, renews and sends the token. */
  authorization?(config: z.output<Config>): Authorization;
  /** How the vendor says no. Asked for every answer, 2xx included; undefined leaves it to core's own reading of the status. */
  failure?(response: HttpResponse<unknown>): UpstreamFailure | undefined;
  /** Makes the client of one connection; no I/O. Write it before `tools`, `jobs`, `check` and `close`: TypeScript infers in that order. */
  open(services: Services<z.output<Config>>): Client;
  readonly tools: readonly AnyTool<Client>[];
  readonly jobs?: readonly Job<Client>[];
  readonly webhook?: Webhook<z.output<Config>>;
  /** One cheap authenticated request: health, and 'test this connection'. Throws {@link ToolError} where the credential is bad. */
  check?(client: Client, context: Context): Promise<Health>;
  /** Ends the client. Called once, after the last call and job. */
  close?(client: Client): Promise<void>;
}

/** What a connection's client is made of. */
export interface Services<Config> {
  readonly config: Config;
  readonly http: Http;
  readonly state: State;
  readonly clock: Clock;
  /** Has the job run after `afterMs` (default 0), on some replica; the earliest wins. As durable as `state`. */
  wake(job: string, afterMs?: number): Promise<void>;
}

/** A budget of the vendor. Requests wait for it within their deadline, and the connection's users take turns. */
export interface UpstreamLimit {
  /** So many requests in each window. Goes with `windowMs`. Where the vendor states another number, that one holds. */
  readonly requests?: number;
  readonly windowMs?: number;
  /** So many at one time. */
  readonly concurrent?: number;
  /**
   * What an answer's headers tell of this limit. Asked for every answer of the connection, whichever limit its request drew on. Without it
   * core goes by its own count, and by a refusal's `Retry-After`.
   */
  readRateLimit?(headers: Headers): RateLimitStatus | undefined;
}

/** How a limit stands, as the vendor's headers have it: core reads the numbers, and takes what is none for not told. */
export interface RateLimitStatus {
  /** Requests in a window. */
  readonly limit?: string | number | null | undefined;
  readonly remaining?: string | number | null | undefined;
  /** When the window ends: seconds from now, seconds or milliseconds since the epoch (what is meant shows by the size), or a date. */
  readonly reset?: string | number | null | undefined;
}

/** How a vendor's refusal is to be read. */
export interface UpstreamFailure {
  readonly code: ErrorCode;
  /** For the model: the vendor's reason, and what to do next. */
  readonly message: string;
  /** Whether the vendor may have acted. `no` is repeated in every retry class where `code` is RATE_LIMITED or UPSTREAM_UNAVAILABLE. */
  readonly executed: 'yes' | 'no' | 'unknown';
  /** The token has ended: core gets a new one and sends the request once more. */
  readonly renew?: boolean;
  /** When the vendor will take it. Default: what its `Retry-After` or reset headers say. */
  readonly retryAfterMs?: number;
}

/** The account that a credential opens, as `check` found it. */
export interface Health {
  /** For a person: an e-mail, a company, an id. Never a secret. */
  readonly account: string;
}

/** Work outside calls. Runs on one replica at a time, once more when the host drains, and after a crash too. */
export interface Job<Client> {
  readonly name: string;
  /** How often it runs without being woken. Absent: only when woken. */
  readonly everyMs?: number;
  run(client: Client, context: JobContext): Promise<void>;
}

/** Events that the vendor sends. They arrive at `/hooks/<unguessable id>` and are verified and stored before they are answered. */
export interface Webhook<Config> {
  /** The log in the connection's state that the events go to. */
  readonly log: LogSpec;
  /** Which signature the raw bytes must carry. */
  signature(config: Config): Signature;
  /** Takes the parsed body apart. An entry's id is what deduplicates it. Throwing refuses the delivery. */
  events(body: unknown): readonly Entry<unknown>[];
}

/** A signature over the raw bytes of a webhook. */
export interface Signature {
  readonly kind: 'hmac-sha1' | 'hmac-sha256' | 'ecdsa-p256';
  /** The shared secret as text (hmac), or the public key as base64 SPKI (ecdsa). */
  readonly key: string;
  readonly header: string;
  /** What stands before the signature in its header, such as `sha1=`. */
  readonly prefix?: string;
  readonly encoding: 'hex' | 'base64';
  /** What is signed, in this order. */
  readonly over: readonly ('timestamp' | 'body')[];
  /** Where the timestamp is: seconds or milliseconds since the epoch, or an ISO date. Deliveries older than 5 minutes are refused. */
  readonly timestampHeader?: string;
}

/**
 * Declares a connector. No annotation is needed: `config` types the settings, what `open` returns types the client, and each `tool`
 * is checked against both.
 *
 * @example
 * ```ts
 * export const hello = defineConnector({
 *   spec: 'v1',
 *   id: 'hello',
 *   config: z.object({ greeting: z.string().default('Hello') }),
 *   open: ({ config }) => ({ greet: (name: string) => `${config.greeting}, ${name}!` }),
 *   tools: (tool) => [ … ],
 * });
 * ```
 */
export function defineConnector<Config extends z.ZodObject, Client>(
  definition: Omit<Connector<Config, NoInfer<Client>>, 'open' | 'tools'> & {
    open(services: Services<z.output<Config>>): Client;
    tools(tool: ToolBuilder<NoInfer<Client>>): readonly AnyTool<NoInfer<Client>>[];
  },
): Connector<Config, Client> {
  return { ...definition, tools: definition.tools((tool) => tool) };
}
