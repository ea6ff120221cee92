/** A request that arrived, with its whole body. */
export interface SimulatorRequest {
  readonly method: string;
  /** The path and query, as sent. */
  readonly url: string;
  /** The path as sent, without the query. */
  readonly path: string;
  /** The route of the request, such as `GET /tickets/{id}`. Undefined if no route fits. */
  readonly route: string | undefined;
  /** The decoded values of the route's `{names}`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The headers, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON or form. Undefined if the body has another type or cannot be parsed. */
  readonly body: unknown;
  readonly rawBody: string;
  /** How the exchange ended: `answered` in full, `broken` by a misbehaviour, or `closed` by the client before the whole answer was sent. */
  readonly ended: Promise<'answered' | 'broken' | 'closed'>;
}

/** Selects requests, either by their declared route or by a function. */
export type SimulatorMatch = string | ((request: SimulatorRequest) => boolean);

/** Whether `match` selects a request. Without a `match`, every request is selected. */
export function isSelected(request: SimulatorRequest, match?: SimulatorMatch): boolean {
  return match === undefined || (typeof match === 'string' ? request.route === match : match(request));
}
