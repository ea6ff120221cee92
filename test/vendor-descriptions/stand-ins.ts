/** The stand-in for an operation that the vendor's description leaves out: its requests are judged by it. */
export interface StandIn {
  /** A recorded exchange, by name, or the page of the vendor's documentation and its heading. */
  readonly source: { readonly recording: string } | { readonly page: string };
  /** The parameters of the query and the path. A path parameter without a schema takes any text. */
  readonly query?: Readonly<Record<string, { readonly schema: object; readonly required?: true }>>;
  readonly path?: Readonly<Record<string, object>>;
  /** The schema of the body. Absent: the request has no body. */
  readonly body?: object;
  /** Default: `application/json`. */
  readonly type?: string;
}

type Json = Record<string, unknown>;

/**
 * Returns a description with added operations, by method and path template: `POST /oauth/tokens`.
 *
 * @throws {Error} if the description already has an operation, since the vendor's own words must judge it.
 */
export function withStandIns(description: Json, standIns: Readonly<Record<string, StandIn>>): Json {
  const whole = structuredClone(description);
  const paths = whole['paths'] as Record<string, Json>;
  for (const [operation, { query = {}, path = {}, body, type = 'application/json' }] of Object.entries(standIns)) {
    const [method = '', template = ''] = operation.split(' ');
    const item = (paths[template] ??= {});
    if (item[method.toLowerCase()] !== undefined)
      throw new Error(`${operation} is described: remove it from the list of undescribed operations`);
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
