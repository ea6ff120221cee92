import type { ServerResponse } from 'node:http';

/** Headers of an answer that are known before it is. Written together with the others, which costs a fraction of setting each. */
export type ResponseHeaders = Readonly<Record<string, string | number>>;

/** Sets them one by one, for whoever writes the answer without knowing of them. */
export function setHeaders(response: ServerResponse, headers: ResponseHeaders | undefined): void {
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
}
