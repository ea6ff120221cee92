import type { Context, Http, HttpRequest, HttpResponse } from '@busbar/core';
import type { z } from 'zod';

/** Creates the functions that send requests. They replace `{version}` in a request's path with the pinned API version. */
export function createApi(http: Http, version: string) {
  async function request<S extends z.ZodType = z.ZodUndefined>(
    { params, ...rest }: HttpRequest<S>,
    context: Context,
  ): Promise<HttpResponse<z.output<S>>> {
    const versioned = rest.path.includes('{version}') ? { version, ...params } : params;
    return await http.request({ ...rest, ...(versioned && { params: versioned }) }, context);
  }

  return {
    version,
    request,
    /** Sends a request and returns only the parsed answer. */
    send: async <S extends z.ZodType = z.ZodUndefined>(toSend: HttpRequest<S>, context: Context): Promise<z.output<S>> =>
      (await request(toSend, context)).data,
  };
}

/** The value that {@link createApi} returns. */
export type SalesforceApi = ReturnType<typeof createApi>;
