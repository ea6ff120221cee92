import type { ServerResponse } from 'node:http';

/**
 * The headers of a response that are known before its body. Writing them together with the other headers costs a fraction of setting each
 * one.
 */
export type ResponseHeaders = Readonly<Record<string, string | number>>;

/** Sets headers one by one, for code that writes the response itself. */
export function setHeaders(response: ServerResponse, headers: ResponseHeaders | undefined): void {
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
}
