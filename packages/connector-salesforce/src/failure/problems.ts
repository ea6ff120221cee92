import { textStart } from '@busbar/core';
import { z } from 'zod';
import { Problem } from '../schemas.ts';

type Problem = z.output<typeof Problem>;

const maxRecords = 10;
// A refusal quotes no more, and to read a hundred thousand would take a second.
const maxProblems = 20;
const maxText = 5_000;

const problemList = z.array(Problem);
const oauthProblem = z.looseObject({ error: z.string(), error_description: z.string().nullish() });

/** Returns the first 20 errors in the body of a refusal: a list, or the object that OAuth sends. Empty for any other body. */
export function problemsIn(data: unknown): readonly Problem[] {
  const list = problemList.safeParse(Array.isArray(data) ? data.slice(0, maxProblems) : data).data;
  if (list) return list;
  const oauth = oauthProblem.safeParse(data).data;
  return oauth ? [{ errorCode: oauth.error, message: oauth.error_description }] : [];
}

/** Returns the code of an error: `errorCode` in a refusal, and `statusCode` in a row of a collection. */
export const codeOf = ({ errorCode, statusCode }: Problem): string => errorCode ?? statusCode ?? '';

/** Puts one error on one line: its code, its reason, its fields, and the records that a duplicate rule found. */
export function problemText(problem: Problem): string {
  const { message, fields } = problem;
  const at = fields && fields.length > 0 ? ` (${fields.join(', ')})` : '';
  const similar = similarRecords(problem);
  const found = similar.length > 0 ? ` [similar records: ${similar.join(', ')}]` : '';
  return textStart(`${codeOf(problem) || 'ERROR'}${found}: ${message ?? 'no reason given'}${at}`, maxText)
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Returns the ids of the records that a duplicate rule found, at most 10. */
function similarRecords({ duplicateResult, duplicateResut }: Problem): string[] {
  const { matchResults } = duplicateResult ?? duplicateResut ?? {};
  const ids = (matchResults ?? []).flatMap(({ matchRecords }) => (matchRecords ?? []).flatMap(({ record }) => record?.Id ?? []));
  return [...new Set(ids)].slice(0, maxRecords);
}
