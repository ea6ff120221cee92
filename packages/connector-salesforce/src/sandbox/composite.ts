import { VendorError, type HandlerAnswer } from '@busbar/core/testing';
import { notFound, refusal } from './refusal.ts';
import type { ResourceRequest } from './resource-request.ts';
import { vendorLimits } from './vendor-limits.ts';

interface Part {
  readonly method: string;
  readonly url: string;
  readonly referenceId: string;
  readonly body?: unknown;
}

/**
 * Answers a composite request, part by part, with `answerPart`. `base` is `/services/data/vXX.0`, and `api` is the part of the path below
 * it.
 *
 * @throws {VendorError} if the body has no parts.
 */
export function answerComposite(
  body: unknown,
  base: string,
  api: '' | '/tooling',
  answerPart: (request: ResourceRequest) => HandlerAnswer,
): HandlerAnswer {
  const { compositeRequest } = (body ?? {}) as { compositeRequest?: Part[] };
  if (!Array.isArray(compositeRequest) || compositeRequest.length === 0)
    throw refusal(400, 'INVALID_INPUT', 'compositeRequest is required');
  const { compositeRequests, compositeQueries } = vendorLimits;
  if (compositeRequest.length > compositeRequests.most)
    return limitExceeded(`The request can’t contain more than ${compositeRequests.most} operations.`);
  const startsWith = (url: string, resources: string): boolean => new RegExp(`^${base}${api}/(?:${resources})\\b`).test(url);
  if (compositeRequest.filter(({ url }) => startsWith(url, 'query|queryAll|composite/sobjects')).length > compositeQueries.most)
    return limitExceeded(`The request can’t contain more than ${compositeQueries.most} query and collection operations.`);

  const attempt = ({ method, url, body: content }: Part): [status: number, body: unknown] => {
    try {
      // A composite may contain only requests for queries and records.
      if (!startsWith(url, 'query|queryAll|sobjects')) throw notFound();
      const { pathname, searchParams } = new URL(url, 'https://org');
      const path = pathname.slice(base.length).split('/').filter(Boolean).map(decodeURIComponent);
      const answer = answerPart({ method, path, query: searchParams, body: content, headers: {} });
      return [answer.status ?? 200, answer.body];
    } catch (error) {
      if (error instanceof VendorError) return [error.status, error.body];
      throw error;
    }
  };
  const compositeResponse = compositeRequest.map((part) => {
    const [status, answer] = attempt(part);
    return { body: answer ?? null, httpHeaders: {}, httpStatusCode: status, referenceId: part.referenceId };
  });
  return { body: { compositeResponse } };
}

/** Salesforce refuses a whole composite with a 200 too: its single part answers none of the requests. */
const limitExceeded = (message: string): HandlerAnswer => ({
  body: {
    compositeResponse: [{ body: [{ errorCode: 'LIMIT_EXCEEDED', message }], httpHeaders: {}, httpStatusCode: 400, referenceId: null }],
  },
});
