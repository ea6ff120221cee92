/** A request below `/services/data/vXX.0`. */
export interface ResourceRequest {
  readonly method: string;
  /** The decoded segments of the path, without empty segments. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}
