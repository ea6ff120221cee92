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

/** What a host is made of. Only `connectors` is needed; everything else has a default that keeps to this process. */
export interface HostOptions {
  readonly connectors: readonly Connector[];
  /** What clients are told the server is. Default: `busbar`, `0.0.0`. */
  readonly info?: { readonly name: string; readonly version: string; readonly instructions?: string };
  /** Default: one connection for each connector whose config accepts `{}`, for the local principal. */
  readonly connections?: Connections;
  /** Without it there is one local principal, and the HTTP transport binds loopback only. */
  readonly authenticate?: Authenticate;
  /** Limits each principal; every request counts, lists and bad calls too. Default: none. */
  readonly rateLimit?: RateLimit;
  /** Limits each tenant, all its keys and users together; every request counts. Default: none. */
  readonly tenantRateLimit?: RateLimit;
  /** Limits the calls of each tenant to each connector. What is too much is answered with RATE_LIMITED. Default: none. */
  readonly connectorRateLimit?: RateLimit;
  /** Default: `memoryMetering()`, which has no quota. */
  readonly metering?: Metering;
  /** What puts requests on the wire. Needed as soon as a connector has `origins`. See `@busbar/core/adapters/got`. */
  readonly httpClient?: HttpClient;
  /** What guards each upstream request. Needed with `httpClient`. See `@busbar/core/adapters/cockatiel`. */
  readonly resilience?: Resilience;
  /** Default: `memoryState()`. */
  readonly state?: StateStore;
  /** Default: `memoryCache()`. */
  readonly cache?: Cache;
  /** Keeps replicas that share a cache from reading the same at once. Default: each reads for itself. */
  readonly lock?: Lock | undefined;
  /**
   * For so many milliseconds after its `ttlMs` a kept answer is given, with a warning, where the read fails for a reason that passes. Never
   * after a write through the connection. Default 0, never.
   */
  readonly staleIfErrorMs?: number;
  /** Told of callers that lack a right. No refusal waits for it. Default: a line in the log. */
  readonly audit?: Audit;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly observer?: Observer;
  /** The operator's own steps, outermost first, between validation and metering. */
  readonly middleware?: readonly Middleware[];
  /**
   * Writes without an idempotency key of the client's get one made of principal, tool, connection and arguments: an equal write within
   * so many milliseconds of the end of the first is answered with the first's answer. Default 0, none.
   */
  readonly repeatWindowMs?: number;
  /** How long a call may take, in milliseconds. Default 30,000. */
  readonly callTimeoutMs?: number;
  /** The largest answer, in bytes of its JSON. Default 1 MiB. */
  readonly maxAnswerBytes?: number;
  /** Signs cursors: at least 32 characters, the same on all replicas. Default: random, so cursors end with the process. */
  readonly secret?: string;
  /**
   * Sends a connector's origin elsewhere: `{ 'https://acme.zendesk.com': 'http://127.0.0.1:4010' }`. For sandboxes, never in production.
   */
  readonly remapOrigins?: Readonly<Record<string, string>>;
}

/** The part of an `AbortSignal` that the host uses, so that a transport can pass something cheaper to make. Any `AbortSignal` fits. */
export interface ClientSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** One `tools/call`, as a transport hands it over. */
export interface CallRequest {
  readonly principal: Principal;
  readonly tool: string;
  readonly arguments: unknown;
  /** The id of the connection that it goes to, whatever the arguments name: for a repetition, since names and defaults change. */
  readonly connection?: string | undefined;
  /** Where the caller is, for records. */
  readonly address?: string | undefined;
  /** Aborts when the client cancels or goes away. */
  readonly signal: ClientSignal;
  /** The client's own idempotency key (`busbar/idempotencyKey` in the request's `_meta`), at most 255 characters. */
  readonly idempotencyKey?: string | undefined;
  /** W3C trace context of the request; its trace id is the correlation id in the log. */
  readonly traceparent?: string | undefined;
  /** Present where the client asked for progress. */
  progress?(done: number, total: number | undefined, message: string | undefined): void;
  /** What the client answered to earlier asks of this call, by ask id. Absent: this client cannot be asked. */
  readonly answers?: Readonly<Record<string, AskAnswer>> | undefined;
}

/** What a person said to an ask. */
export interface AskAnswer {
  readonly action: 'accept' | 'decline' | 'cancel';
  readonly content?: unknown;
}

/** How a call ended: with an answer, or with something to ask first. */
export type CallResult =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'ask'; readonly id: string; readonly message: string; readonly schema: object };

/** The runtime that joins connectors, guards and meters. Transports serve it; it knows none of them. */
export interface Host {
  readonly info: { readonly name: string; readonly version: string; readonly instructions?: string };
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: Observer;
  /** How many calls run now, from their validation to their answer. */
  readonly running: number;
  /** Whether callers must show who they are. */
  readonly authenticates: boolean;
  /** @throws {ToolError} UNAUTHENTICATED. */
  authenticate(credentials: Credentials): Promise<Principal>;
  /**
   * Counts one request of a principal and of its tenant: the limit that refused it, or the one with less left. Undefined: there is none.
   */
  limit(principal: Principal): MaybePromise<RateLimitDecision | undefined>;
  /** The tools that a principal may use, in a stable order. */
  tools(principal: Principal): readonly CatalogEntry[];
  /** The tool of that name, if there is one that the principal may use. */
  tool(principal: Principal, name: string): CatalogEntry | undefined;
  /**
   * Runs one call from validation to settlement. Whatever goes wrong with the call is an answer with `isError`.
   *
   * @throws {ToolError} TOOL_NOT_FOUND alone, which is an error of the protocol and no answer of a tool.
   */
  call(request: CallRequest): Promise<CallResult>;
  /** Verifies and stores one delivery. @throws {ToolError} NOT_FOUND, FORBIDDEN (bad signature), INVALID_INPUT, UNAVAILABLE. */
  webhook(hook: string, headers: Headers, body: Uint8Array): Promise<void>;
  /** Runs a connection's `check`. @throws {ToolError} */
  check(connection: string): Promise<Health>;
  /** Starts the connectors' jobs. Transports call it when they listen. Safe to call twice. */
  start(): void;
  /**
   * Refuses new calls, lets running ones end, runs jobs once more, closes clients. `graceMs` (default 10,000) bounds it all. May be called
   * twice.
   */
  close(graceMs?: number): Promise<void>;
}
