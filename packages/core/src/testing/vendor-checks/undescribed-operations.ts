import type { Json } from './api-description.ts';

/** An operation that the vendor's description leaves out, as the vendor documents it elsewhere. */
export interface UndescribedOperation {
  /** The name of a recorded exchange, or the page of the vendor's documentation and the heading on it: `OAuth Tokens, Create Token`. */
  readonly source: { readonly recording: string } | { readonly page: string };
  /** The query parameters. */
  readonly query?: Readonly<Record<string, { readonly schema: object; readonly required?: true }>>;
  /** The schemas of the path parameters. A parameter that is not listed here accepts any text. */
  readonly path?: Readonly<Record<string, object>>;
  /** The schema of the body. Absent: the request has no body. */
  readonly body?: object;
  /** The media type of the body. Default: `application/json`. */
  readonly type?: string;
}

/**
 * Returns a description to which operations are added, by method and path template: `POST /oauth/tokens`.
 *
 * @throws {Error} if the description already has one of the operations, since requests must then be judged by the vendor's own description.
 */
export function withUndescribed(
  description: Readonly<Record<string, unknown>>,
  undescribed: Readonly<Record<string, UndescribedOperation>>,
): Json {
  const paths = { ...(description['paths'] as Record<string, Json>) };
  for (const [operation, { query = {}, path = {}, body, type = 'application/json' }] of Object.entries(undescribed)) {
    const [method = '', template = ''] = operation.split(' ');
    if (paths[template]?.[method.toLowerCase()] !== undefined)
      throw new Error(`${operation} is described: remove it from the list of undescribed operations`);
    const added = {
      parameters: [
        ...Object.entries(query).map(([name, parameter]) => ({ name, in: 'query', ...parameter })),
        ...Object.entries(path).map(([name, schema]) => ({ name, in: 'path', required: true, schema })),
      ],
      ...(body && { requestBody: { required: true, content: { [type]: { schema: body } } } }),
    };
    paths[template] = { ...paths[template], [method.toLowerCase()]: added };
  }
  return { ...description, paths };
}
