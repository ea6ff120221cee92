import type { UpstreamFailure } from '@busbar/core';
import { z } from 'zod';
import { CompositeAnswer, SavedRow } from '../schemas.ts';
import { codeOf, problemsIn } from './problems.ts';
import { refusalOf, rowsLocked } from './refusal-of.ts';

// A request has at most 200 rows. A longer list is no answer to it, and is not read.
const SavedRows = z.array(SavedRow).min(1).max(200);

/**
 * Returns the failure inside a 200, if it is a failure of the whole request: the org's limit on requests, or a lock that kept every row
 * from being written. As after a refusal, core then waits or retries. Any other failure of a part is the tool's to report.
 */
export function failureInAnswer(data: unknown): UpstreamFailure | undefined {
  if (Array.isArray(data)) return rowsFailure(data);
  const isComposite = typeof data === 'object' && data !== null && 'compositeResponse' in data;
  return isComposite ? compositeFailure(data) : undefined;
}

function compositeFailure(data: object): UpstreamFailure | undefined {
  const parts = CompositeAnswer.safeParse(data).data?.compositeResponse ?? [];
  return parts
    .filter(({ httpStatusCode }) => httpStatusCode >= 400)
    .map(({ httpStatusCode, body }) => refusalOf(httpStatusCode, problemsIn(body)))
    .find(({ code }) => code === 'RATE_LIMITED');
}

/** A collection of which no row was written, because of locks or of the limit alone, did nothing. */
function rowsFailure(data: readonly unknown[]): UpstreamFailure | undefined {
  const [first] = data;
  if (typeof first !== 'object' || first === null || !('success' in first) || first.success !== false) return undefined;
  const rows = SavedRows.safeParse(data).data ?? [];
  if (rows.length === 0 || rows.some(({ success }) => success)) return undefined;
  const problems = rows.flatMap(({ errors }) => errors ?? []);
  const limit = problems.find((problem) => codeOf(problem) === 'REQUEST_LIMIT_EXCEEDED');
  if (limit) return refusalOf(403, [limit]);
  const codes = new Set(problems.map(codeOf));
  codes.delete('ALL_OR_NONE_OPERATION_ROLLED_BACK');
  return codes.size === 1 && codes.has('UNABLE_TO_LOCK_ROW') ? rowsLocked() : undefined;
}
