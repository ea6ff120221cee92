import type { z } from 'zod';
import type { Authorization } from './authorization.ts';
import type { Clock } from '../clock.ts';
import type { Context, JobContext } from './context.ts';
import type { ErrorCode } from '../errors.ts';
import type { Http, HttpResponse } from './http.ts';
import type { State } from './state.ts';
import type { AnyTool, ToolBuilder } from './tool.ts';
import type { Webhook } from './webhook.ts';

/**
 * What a definition and a connector have in common. An interface, because editors show no docstrings for the fields of a mapped type such
 * as `Omit`.
 */
interface ConnectorFields<Config extends z.ZodObject, Client> {
  /** The version of this contract, a literal in the plugin's source. Checked at registration. */
  readonly spec: 'v1';
  /** Kebab-case. Tool names start with it, in snake_case. */
  readonly id: string;
  /** The schema of a connection's settings. Mark secrets with `secret(…)`: stores seal them, and logs, errors and answers redact them. */
  readonly config: Config;
  /** `many` allows several connections per tenant and adds the `connection` input to the tools. Default `one`. */
  readonly connections?: 'one' | 'many' | undefined;
  /** The vendor's limits, by name. A request names the limit that it counts against. If it names none, it counts against `default`. */
  readonly limits?: Readonly<Record<string, UpstreamLimit>> | undefined;
  /**
   * The origins that the connector may reach: exact HTTPS origins, or `https://*.example.com`, where `*.` matches any number of labels.
   * Absent: none. Tenants write the config, so use a pattern to restrict any field that becomes part of an origin.
   */
  origins?(config: z.output<Config>): readonly string[];
  /** Declares the vendor's authorization. Core fetches, stores, renews and sends the tokens. */
  authorization?(config: z.output<Config>): Authorization;
  /**
   * Recognizes the vendor's failures. Called for every response, including 2xx, except if the request lists its status in `accept`. If it
   * returns undefined, core decides by the status.
   */
  failure?(response: HttpResponse<unknown>): UpstreamFailure | undefined;
  /** Background work, such as sending an outbox or polling the vendor. Each job runs for each connection, on one replica at a time. */
  readonly jobs?: readonly Job<Client>[] | undefined;
  /** Receives the vendor's events: how they are signed, how a delivery is split, and the log from which tools and jobs read them. */
  readonly webhook?: Webhook<z.output<Config>> | undefined;
  /** Makes one cheap authenticated request, for health checks and connection tests. Throws {@link ToolError} for a bad credential. */
  check?(client: Client, context: Context): Promise<Health>;
  /** Closes the client. Called once, after the last call and job. */
  close?(client: Client): Promise<void>;
}

/** A plugin for one vendor: its tools, and how to call the vendor. Write it with {@link defineConnector}. */
export interface Connector<Config extends z.ZodObject = z.ZodObject, Client = any> extends ConnectorFields<Config, Client> {
  /**
   * Creates the client of one connection, without I/O. Write it before `tools`, `jobs`, `check` and `close`, because TypeScript infers
   * types in this order.
   */
  open(services: Services<z.output<Config>>): Client;
  /** The operations that the connector offers to callers, at least one. `defineConnector` takes a function that returns them. */
  readonly tools: readonly AnyTool<Client>[];
}

/** The services that a connection's client may use. */
export interface Services<Config> {
  readonly config: Config;
  readonly http: Http;
  readonly state: State;
  readonly clock: Clock;
  /** Schedules the job to run after `afterMs` (default 0), on any replica. The earliest time wins. The wake is as durable as `state`. */
  wake(job: string, afterMs?: number): Promise<void>;
}

/** A limit that the vendor sets. Requests wait for it until their deadline, and the connection's users take turns. */
export interface UpstreamLimit {
  /** Requests per window; needs `windowMs`. A number that the vendor reports replaces it. */
  readonly requests?: number | undefined;
  readonly windowMs?: number | undefined;
  /** The maximum number of requests at one time. */
  readonly concurrent?: number | undefined;
  /**
   * Reads this limit from a response's headers. Called for every response on the connection, even if the request counted against another
   * limit. Without it, core relies on its own count and on `Retry-After`.
   */
  readRateLimit?(headers: Headers): RateLimitStatus | undefined;
}

/** A limit, as the vendor's headers state it. Core parses the values and ignores those that it cannot parse. */
export interface RateLimitStatus {
  /** Requests per window. */
  readonly limit?: string | number | null | undefined;
  readonly remaining?: string | number | null | undefined;
  /** When the window ends: seconds from now, seconds or milliseconds since the epoch (distinguished by their size), or a date. */
  readonly reset?: string | number | null | undefined;
}

/** How core interprets a vendor's failure. */
export interface UpstreamFailure {
  readonly code: ErrorCode;
  /** For the model: the vendor's reason, then what to do next. */
  readonly message: string;
  /** Whether the vendor executed the request. If it is `no`, RATE_LIMITED and UPSTREAM_UNAVAILABLE are retried in every retry class. */
  readonly executed: 'yes' | 'no' | 'unknown';
  /**
   * `idempotent`: core does not repeat a request of the class `never`, although `executed` is `no`. For a temporary refusal after which the
   * vendor does not quite promise that nothing was done. Absent: see `executed`.
   */
  readonly repeat?: 'idempotent' | undefined;
  /** Whether the token has expired. If so, core fetches a new token and repeats the request once. */
  readonly renew?: boolean | undefined;
  /** How long to wait, in milliseconds. Default: the vendor's `Retry-After` or reset headers. */
  readonly retryAfterMs?: number | undefined;
}

/** The account behind a credential, as `check` found it. */
export interface Health {
  /** A name for people to read: an e-mail address, a company or an id. Never a secret. */
  readonly account: string;
}

/** Background work. Runs on one replica at a time, once more when the host drains, and again after a crash. */
export interface Job<Client> {
  /** Kebab-case, at most 48 characters. `wake` schedules the job by this name. */
  readonly name: string;
  /** The interval between runs, in milliseconds. Absent: the job runs only when `wake` schedules it. */
  readonly everyMs?: number | undefined;
  /** Does the work once. Must be safe to repeat, because it runs again after a crash. Throw to have it run again later. */
  run(client: Client, context: JobContext): Promise<void>;
}

/**
 * The client's type if a definition has `tools`, `jobs`, `check` or `close` before `open`, from which TypeScript infers the client. The
 * name tells the author what to do when it appears in the compiler's error: "Property 'greet' does not exist on type
 * 'WriteOpenBeforeTools'".
 */
// The type is empty, and not a string, because TypeScript checks named functions against it before it has read `open`.
interface WriteOpenBeforeTools {}

/**
 * Declares a connector. It needs no type annotations: `config` types the settings, the result of `open` types the client, and TypeScript
 * checks every tool against both.
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
export function defineConnector<Config extends z.ZodObject, Client = WriteOpenBeforeTools>(
  definition: ConnectorFields<Config, NoInfer<Client>> & {
    /** Creates the client of one connection, without I/O. Write it before `tools`, because TypeScript infers types in this order. */
    open(services: Services<z.output<Config>>): Client;
    /** Returns the tools. `tool` checks the types of each against the client: `tools: (tool) => [tool({ … })]`. */
    tools(tool: ToolBuilder<NoInfer<Client>>): readonly AnyTool<NoInfer<Client>>[];
  },
): Connector<Config, Client> {
  if (typeof definition.tools !== 'function')
    throw new TypeError(`${definition.id}: tools must be a function. Write tools: (tool) => [tool({ … })].`);
  return { ...definition, tools: definition.tools((tool) => tool) };
}
