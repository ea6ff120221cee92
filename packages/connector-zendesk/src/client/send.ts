import type { Context, Http, HttpRequest } from '@busbar/core';
import type { z } from 'zod';
import { warnOfIgnoredKeys } from '../ignored-keys.ts';

/** Sends a request to Zendesk and returns the body of the answer. */
export type Send = <S extends z.ZodType>(request: HttpRequest<S>, context: Context) => Promise<z.output<S>>;

/** Binds {@link Send} to a connection's `http`. Warns the caller if Zendesk carried out only part of a request. */
export const createSend =
  (http: Http): Send =>
  async (request, context) => {
    const { headers, data } = await http.request(request, context);
    warnOfIgnoredKeys(headers, context);
    return data;
  };
