import type { Audit } from './ports/audit.ts';
import type { Cache } from './ports/cache.ts';
import type { CatalogEntry } from './catalog/catalog.ts';
import type { Clock } from './clock.ts';
import type { Connections } from './ports/connections.ts';
import type { Connector, Health } from './connector/connector.ts';
import type { Answer } from './content.ts';
import type { Lock } from './ports/lock.ts';
import type { Logger } from './logger.ts';
import type { Metering } from './ports/metering.ts';
import type { Middleware } from './middleware.ts';
import type { Observer } from './ports/observer.ts';
import type { Authenticate, Credentials, Principal } from './principal.ts';
import type { RateLimit, RateLimitDecision } from './ports/rate-limit.ts';
import type { Resilience } from './ports/resilience.ts';
import type { HttpClient } from './ports/http-client.ts';
import type { MaybePromise } from './lib/maybe-promise.ts';
import type { StateStore } from './connector/state.ts';

/** The server, as it introduces itself to clients. */
export interface HostInfo {
  readonly name: string;
  readonly version: string;
  /**
   * Text for models, which follows the instructions that the host writes itself: its connectors, the connections to choose from, and how to
   * repeat writes. A function receives the host's text and returns the whole.
   */
  readonly instructions?: string | ((own: string) => string) | undefined;
}

/**
 * The options of a host, except for its connectors and what they connect to. An interface of its own, because editors show no docstrings
 * for the fields of a mapped type such as `Omit`.
 */
export interface HostSettings {
  /** The server's name, version and instructions, as clients see them. Default: `busbar`, `0.0.0`. */
  readonly info?: HostInfo | undefined;
  /** Without it, every caller is the local principal, and the HTTP transport binds to loopback only. */
  readonly authenticate?: Authenticate | undefined;
  /** Limits each principal. Every request counts, including lists and invalid calls. Default: none. */
  readonly rateLimit?: RateLimit | undefined;
  /** Limits each tenant: the requests of all its keys and users together. Every request counts. Default: none. */
  readonly tenantRateLimit?: RateLimit | undefined;
  /** Limits each tenant's calls to each connector. Calls over the limit get RATE_LIMITED. Default: none. */
  readonly connectorRateLimit?: RateLimit | undefined;
  /** Default: `memoryMetering()`, without quotas. */
  readonly metering?: Metering | undefined;
  /** Sends requests to vendors. Required if a connector has `origins`. See `@busbar/core/adapters/got`. */
  readonly httpClient?: HttpClient | undefined;
  /** Guards each upstream request. Required with `httpClient`. See `@busbar/core/adapters/cockatiel`. */
  readonly resilience?: Resilience | undefined;
  /** Default: `memoryState()`. */
  readonly state?: StateStore | undefined;
  /** Default: `memoryCache()`. */
  readonly cache?: Cache | undefined;
  /** Prevents replicas that share a cache from making the same read at the same time. Default: each replica reads for itself. */
  readonly lock?: Lock | undefined;
  /**
   * How long past its `ttlMs` a cached answer may be returned if the read fails temporarily, in milliseconds. The answer then carries a
   * warning. A write through the connection ends this period at once. Default 0: never.
   */
  readonly staleIfErrorMs?: number | undefined;
  /**
   * Records calls that are refused because the caller lacks a permission. A refusal does not wait for its record. Default: a line in the
   * log.
   */
  readonly audit?: Audit | undefined;
  readonly clock?: Clock | undefined;
  readonly log?: Logger | undefined;
  readonly observer?: Observer | undefined;
  /** The operator's own steps between validation and metering, outermost first. */
  readonly middleware?: readonly Middleware[] | undefined;
  /**
   * Protects writes that clients send without an idempotency key. The host derives a key from principal, tool, connection and arguments.
   * For this many milliseconds after the first write has ended, it answers an identical write with the first write's answer. Default 0: no
   * derived keys.
   */
  readonly repeatWindowMs?: number | undefined;
  /** The maximum duration of a call, in milliseconds. Default 30,000. */
  readonly callTimeoutMs?: number | undefined;
  /** The maximum size of an answer's JSON, in bytes. Default 1 MiB. */
  readonly maxAnswerBytes?: number | undefined;
  /**
   * The key that signs cursors. At least 32 characters, the same on all replicas. Default: random, so cursors become invalid when the
   * process ends.
   */
  readonly secret?: string | undefined;
  /**
   * Text that is a secret wherever it appears, such as the API keys of your server, which a model may put into an argument. The host
   * redacts it in recorded arguments, answers, errors and the logs of calls. Must be found in linear time, as in `/bb_[\w-]{43}/`. Default:
   * only the secrets of settings, tokens and arguments that are marked as secret.
   */
  readonly secretPattern?: RegExp | undefined;
}

/** Options for `createHost`. Only `connectors` is required. With the defaults, the host keeps everything in this process. */
export interface HostOptions extends HostSettings, RemappedOrigins {
  readonly connectors: readonly Connector[];
  /**
   * Default: none. Whether or not you give it, a tenant without connections to a connector has a default connection to it, if the
   * connector's config accepts `{}`. Jobs run for the connections that you give, or else for the local principal's.
   */
  readonly connections?: Connections | undefined;
}

/** For hosts whose connectors reach a sandbox. */
export interface RemappedOrigins {
  /** Redirects connectors' origins: `{ 'https://acme.zendesk.com': 'http://127.0.0.1:4010' }`. For sandboxes; never in production. */
  readonly remapOrigins?: Readonly<Record<string, string>> | undefined;
}

/** The part of a client's `AbortSignal` that the host uses. Transports may pass a cheaper object; any `AbortSignal` fits. */
export interface ClientSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** One `tools/call`, as a transport passes it to the host. */
export interface CallRequest {
  readonly principal: Principal;
  readonly tool: string;
  readonly arguments: unknown;
  /** The id of the client's request, for {@link Host.cancel}. */
  readonly requestId?: string | number | undefined;
  /** The id of the connection to use, regardless of the arguments. Used for replays, because names and defaults may have changed. */
  readonly connection?: string | undefined;
  /** The caller's network address, for records. */
  readonly address?: string | undefined;
  /** Aborts when the client cancels or disconnects. */
  readonly signal: ClientSignal;
  /** The client's own idempotency key (`busbar/idempotencyKey` in the request's `_meta`), at most 255 characters. */
  readonly idempotencyKey?: string | undefined;
  /** The request's W3C trace context. The log uses its trace id as the correlation id. */
  readonly traceparent?: string | undefined;
  /** Present if the client asked for progress. */
  progress?(done: number, total: number | undefined, message: string | undefined): void;
  /** The client's answers to this call's earlier questions, by ask id. Absent if this client cannot ask a person. */
  readonly answers?: Readonly<Record<string, AskAnswer>> | undefined;
}

/** A person's answer to a question. */
export interface AskAnswer {
  readonly action: 'accept' | 'decline' | 'cancel';
  readonly content?: unknown;
}

/** The result of a call: an answer, or a question to ask first. */
export type CallResult =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'ask'; readonly id: string; readonly message: string; readonly schema: object };

/** The address of a connection for its vendor's deliveries. */
export interface Hook {
  readonly tenant: string;
  /** The connection's id. */
  readonly connection: string;
  /**
   * Verifies and stores one delivery. Returns the text to answer with if the delivery is a challenge.
   *
   * @throws {ToolError} FORBIDDEN (bad signature), INVALID_INPUT, STATE_FULL, UNAVAILABLE.
   */
  receive(headers: Headers, body: Uint8Array): Promise<string | undefined>;
  /** Returns the answer to a vendor that checks the address with a GET. @throws {ToolError} FORBIDDEN (bad token), NOT_FOUND. */
  challenge(query: URLSearchParams): Promise<string>;
}

/** The runtime that combines connectors, resilience and metering. Transports serve it. It does not depend on any transport. */
export interface Host {
  readonly info: Pick<HostInfo, 'name' | 'version'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: Observer;
  /** The number of running calls. A call runs from validation until its answer is complete. */
  readonly running: number;
  /** Whether callers must authenticate. */
  readonly authenticates: boolean;
  /** @throws {ToolError} UNAUTHENTICATED. */
  authenticate(credentials: Credentials): Promise<Principal>;
  /**
   * Counts one request against the limits of a principal and of its tenant. If a limit refuses the request, returns that limit's decision.
   * Otherwise returns the decision of the limit with fewer requests left. Returns undefined if there are no limits.
   */
  limit(principal: Principal): MaybePromise<RateLimitDecision | undefined>;
  /** Lists the tools that a principal may use, in a stable order. */
  tools(principal: Principal): readonly CatalogEntry[];
  /** Returns the text that introduces the server to a principal's model. Empty if there is nothing to say. */
  instructions(principal: Principal): Promise<string>;
  /** Finds a tool by name, if the principal may use it. */
  tool(principal: Principal, name: string): CatalogEntry | undefined;
  /**
   * Runs one call from validation to settlement. A failed call resolves to an answer with `isError`.
   *
   * @throws {ToolError} TOOL_NOT_FOUND and no other code, because an unknown tool is a protocol error and not a tool's answer.
   */
  call(request: CallRequest): Promise<CallResult>;
  /**
   * Ends the call whose client cancels it by its `requestId`. Clients that share a principal count their requests from 0 alike, so a call
   * ends only if no other running call of the principal has the same id. Otherwise, and for calls of other processes, logs that none ended.
   */
  cancel(principal: Principal, requestId: string | number): void;
  /** Finds the connection that receives deliveries at this hook. Undefined if there is none. */
  hook(id: string): Promise<Hook | undefined>;
  /** Runs a connection's `check`. @throws {ToolError} */
  check(connection: string): Promise<Health>;
  /** Starts the connectors' jobs. Transports call it when they listen. Repeated calls do nothing. */
  start(): void;
  /**
   * Refuses new calls, waits for running calls, runs the jobs once more and closes the clients, all within `graceMs` (default 10,000).
   * Idempotent.
   */
  close(graceMs?: number): Promise<void>;
}
