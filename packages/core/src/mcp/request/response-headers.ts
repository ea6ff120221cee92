import type { ServerResponse } from 'node:http';

/** A response's headers that are known before its body. Writing them together with the others costs a fraction of setting each. */
export type ResponseHeaders = Readonly<Record<string, string | number>>;

/** Sets headers one by one, for code that then writes a response without receiving them. */
export function setHeaders(response: ServerResponse, headers: ResponseHeaders | undefined): void {
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
}
