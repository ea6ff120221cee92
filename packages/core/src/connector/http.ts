import type { z } from 'zod';
import type { Context } from './context.ts';

/** Values for a query, a form or a path. `undefined` leaves the field out. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Whether an operation may be sent again when its answer was lost: `safe`, repeating it changes nothing more; `keyed`, the request
 * carries `context.key(…)` and the vendor counts it once; `never`. What was surely not executed is repeated in every class.
 */
export type RetryClass = 'safe' | 'keyed' | 'never';

/** One operation of the vendor's API. */
export interface HttpRequest<S extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** A template such as `/tickets/{id}`. Core encodes `params` into it; logs, metrics and traces show the template. */
  readonly path: `/${string}`;
  readonly params?: Fields;
  readonly query?: Fields;
  readonly headers?: Readonly<Record<string, string>>;
  /** One of the connector's `origins`. Default: the token's own (see `Authorization`), else the first of `origins(config)`. */
  readonly origin?: string;
  readonly body?: { readonly json: unknown } | { readonly form: Fields };
  /** Parses the answer. Be lenient: vendors' descriptions are wrong about nulls. A mismatch is UPSTREAM_INVALID; absent, `data` is undefined. */
  readonly response?: S;
  /** Further statuses that are answers and not failures: 404 for 'none', 409 for 'exists'. */
  readonly accept?: readonly number[];
  /** Default: `safe` for GET, `never` for all others. */
  readonly retry?: RetryClass;
  /** Which of the connector's `limits` the request draws on. Default: `default`. */
  readonly limit?: string;
  /** For the model, with OUTCOME_UNKNOWN: how to find out whether the write happened. */
  readonly ifLost?: string;
}

/** An answer that the operation counts as one: 2xx, or a status in `accept`. */
export interface HttpResponse<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: T;
}

/**
 * A connection's only way out: pinned to the connector's origins, authorized, limited, retried and broken by the host. Redirects are
 * not followed. Throws {@link ToolError} alone.
 */
export interface Http {
  request<S extends z.ZodType = z.ZodUndefined>(context: Context, request: HttpRequest<S>): Promise<HttpResponse<z.output<S>>>;
  /** Newline-delimited JSON, row by row, never whole in memory. Leaving the loop closes the socket. Retried, and counted among `concurrent`, only until the answer begins. */
  rows<S extends z.ZodType>(context: Context, request: HttpRequest<S>): AsyncIterable<z.output<S>>;
}
