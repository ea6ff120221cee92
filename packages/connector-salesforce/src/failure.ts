import { refused, type HttpResponse, type UpstreamFailure } from '@busbar/core';
import { z } from 'zod';
import { failureInAnswer } from './failure/failure-in-answer.ts';
import { problemsIn } from './failure/problems.ts';
import { refusalOf } from './failure/refusal-of.ts';

/**
 * Maps a refusal or failure by Salesforce to an error. The body is a list of errors, each with a code, or an object if OAuth refused. A
 * refused request was not executed. After a 5xx, the outcome is unknown. A 200 in which only some parts failed does not count as a failure:
 * the tools report such failures row by row.
 */
export function readFailure({ status, data }: HttpResponse<unknown>): UpstreamFailure | undefined {
  if (status === 300) return refused('CONFLICT', ambiguousExternalId(data));
  if (status === 200) return failureInAnswer(data);
  return status < 400 ? undefined : refusalOf(status, problemsIn(data));
}

function ambiguousExternalId(data: unknown): string {
  const records = z.array(z.string()).safeParse(data).data ?? [];
  const ids = records.slice(0, 10).map((path) => path.split('/').at(-1));
  return `More than one record has this external id, so nothing was written${ids.length > 0 ? `: ${ids.join(', ')}` : ''}. Work on one of them by its id, or have the field made unique.`;
}
