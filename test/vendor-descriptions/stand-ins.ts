/** What holds the requests of an operation that the vendor's description leaves out. */
export interface StandIn {
  /** A recorded exchange, by name, or the page of the vendor's documentation and its heading. */
  readonly source: { readonly recording: string } | { readonly page: string };
  /** Of which the path is made, and the query. Path parameters without a schema are any text. */
  readonly query?: Readonly<Record<string, { readonly schema: object; readonly required?: true }>>;
  readonly path?: Readonly<Record<string, object>>;
  /** The schema of the body. Absent: it has none. */
  readonly body?: object;
  /** Default: `application/json`. */
  readonly type?: string;
}

type Json = Record<string, unknown>;

/**
 * A description with operations added, by method and path template: `POST /oauth/tokens`.
 *
 * @throws {Error} for one that is described: it has to be judged by the vendor's own words.
 */
export function withStandIns(description: Json, standIns: Readonly<Record<string, StandIn>>): Json {
  const whole = structuredClone(description);
  const paths = whole['paths'] as Record<string, Json>;
  for (const [operation, { query = {}, path = {}, body, type = 'application/json' }] of Object.entries(standIns)) {
    const [method = '', template = ''] = operation.split(' ');
    const item = (paths[template] ??= {});
    if (item[method.toLowerCase()] !== undefined) throw new Error(`${operation} is described: take it off the list of those that are not`);
    item[method.toLowerCase()] = {
      parameters: [
        ...Object.entries(query).map(([name, one]) => ({ name, in: 'query', ...one })),
        ...Object.entries(path).map(([name, schema]) => ({ name, in: 'path', required: true, schema })),
      ],
      ...(body && { requestBody: { required: true, content: { [type]: { schema: body } } } }),
    };
  }
  return whole;
}
