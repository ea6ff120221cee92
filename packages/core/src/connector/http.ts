import type { z } from 'zod';
import type { Context } from './context.ts';

type Field = string | number | boolean;

/** Values for named fields, one value per name, as in a path. */
export type Fields = Readonly<Record<string, Field | undefined>>;

/**
 * Values for a query or a form. An array repeats its name, in order: `{ 'ids[]': ['a', 'b'] }` becomes `ids[]=a&ids[]=b`, encoded.
 * `undefined` and an empty array omit the name.
 */
export type RepeatableFields = Readonly<Record<string, Field | readonly Field[] | undefined>>;

/**
 * Whether core may repeat a request whose answer was lost. `safe`: yes, because a repetition has no further effect. `keyed`: yes, because
 * the request carries `context.key(…)` and the vendor executes it only once. `never`: no. In every class, core repeats a request that was
 * certainly not executed.
 */
export type RetryClass = 'safe' | 'keyed' | 'never';

// Interfaces, because editors show no docstrings for the fields of a mapped type such as `Omit`.
/** One operation of the vendor's API, without a body. */
interface BodylessRequest<S extends z.ZodType> {
  /** A template such as `/tickets/{id}`. Core inserts `params` into it, encoded. Logs, metrics and traces show the template. */
  readonly path: `/${string}`;
  /** A value for each of the path's `{names}`, and for no other name. */
  readonly params?: Fields | undefined;
  readonly query?: RepeatableFields | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** One of the connector's `origins`. Default: the token's own origin (see `Authorization`), or else the first of `origins(config)`. */
  readonly origin?: string | undefined;
  /**
   * The schema that parses the answer. Keep it lenient, because vendors' documentation is often wrong about nulls. If an answer does not
   * match the schema, the request fails with UPSTREAM_INVALID. Without a schema, `data` is undefined.
   */
  readonly response?: S | undefined;
  /** Additional statuses that count as answers and not as failures, such as 404 for 'none' or 409 for 'exists'. */
  readonly accept?: readonly number[] | undefined;
  /** Default: `safe` for GET, `never` for all others. */
  readonly retry?: RetryClass | undefined;
  /** The name of the connector's limit that the request counts against. Default: `default`. */
  readonly limit?: string | undefined;
  /** Part of the OUTCOME_UNKNOWN message. Tells the model how to find out whether the write happened. */
  readonly ifLost?: string | undefined;
}

interface BodyRequest<S extends z.ZodType> extends BodylessRequest<S> {
  readonly body?: { readonly json: unknown } | { readonly form: RepeatableFields } | undefined;
}

/** One operation of the vendor's API. */
export interface HttpRequest<S extends z.ZodType> extends BodyRequest<S> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
}

/** An answer that the operation accepts: 2xx, or a status in `accept`. */
export interface HttpResponse<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: T;
}

/** Sends a request with the method that the function is named after. */
type SendBodyless = <S extends z.ZodType = z.ZodUndefined>(
  request: BodylessRequest<S>,
  context: Context,
) => Promise<HttpResponse<z.output<S>>>;
type Send = <S extends z.ZodType = z.ZodUndefined>(request: BodyRequest<S>, context: Context) => Promise<HttpResponse<z.output<S>>>;

/**
 * A connection's only access to its vendor. The host restricts requests to the connector's origins, authorizes them, applies the
 * connector's limits and retries them. It refuses them while the circuit breaker is open. It follows no redirects: a redirect to another
 * host fails with CONNECTION_INVALID, and nothing was done. Throws only {@link ToolError}.
 */
export interface Http {
  request<S extends z.ZodType = z.ZodUndefined>(request: HttpRequest<S>, context: Context): Promise<HttpResponse<z.output<S>>>;
  readonly get: SendBodyless;
  readonly post: Send;
  readonly put: Send;
  readonly patch: Send;
  readonly delete: Send;
  /**
   * Reads newline-delimited JSON row by row, and never holds all of it in memory. Leaving the loop closes the socket. Core retries the
   * request and counts it against `concurrent` only until the answer begins.
   */
  rows<S extends z.ZodType>(request: HttpRequest<S>, context: Context): AsyncIterable<z.output<S>>;
}
