import { failureFromStatus, quoteReason, refused, type HttpResponse, type UpstreamFailure } from '@busbar/core';
import { z } from 'zod';
import { Problem } from './schemas.ts';

type Problem = z.output<typeof Problem>;

/** The window of the daily limit is rolling, so requests become available all the time, but not soon enough for a call to wait. */
const dailyLimitPauseMs = 15 * 60_000;

const missingRights = /^(INSUFFICIENT_ACCESS|API_DISABLED_FOR_ORG|API_CURRENTLY_DISABLED|INSUFFICIENT_PERMISSIONS)/;
const missingRecords = new Set(['NOT_FOUND', 'ENTITY_IS_DELETED', 'INVALID_QUERY_LOCATOR']);
const conflicts = new Set(['DUPLICATE_VALUE', 'DUPLICATES_DETECTED', 'DUPLICATE_EXTERNAL_ID', 'PRECONDITION_FAILED']);

/** Advice on codes that models meet often. */
const advice: Readonly<Record<string, string>> = {
  MALFORMED_QUERY: 'Correct the SOQL and call again.',
  INVALID_FIELD: 'Look the field names up with salesforce_describe_object and call again.',
  INVALID_FIELD_FOR_INSERT_UPDATE: 'Leave out the fields that cannot be written: salesforce_describe_object shows which.',
  INVALID_TYPE: 'Look the object’s name up with salesforce_list_objects and call again.',
  EXCEEDED_ID_LIMIT: 'Salesforce does not page through grouped results: add LIMIT 2000 or less, or narrow the WHERE.',
  INVALID_QUERY_LOCATOR: 'This page is no longer kept. Start the query again without a cursor.',
  ENTITY_IS_LOCKED: 'An approval process holds the record: a person must approve, reject or recall it first.',
  QUERY_TIMEOUT: 'Narrow the query: filter by an indexed field such as Id, Name or CreatedDate, or add LIMIT.',
  REQUIRED_FIELD_MISSING: 'Give the fields that it names and call again.',
};

/**
 * Maps a refusal or failure by Salesforce to an error. The body is a list of errors, each with a code, or an object if OAuth refused. A
 * refused request was not executed. After a 5xx, the outcome is unknown. A 200 with partial failures does not count as a failure: the tools
 * report such failures row by row.
 */
export function readFailure({ status, data }: HttpResponse<unknown>): UpstreamFailure | undefined {
  if (status === 300) return refused('CONFLICT', ambiguousExternalId(data));
  if (status < 400) return undefined;
  const problems = problemsIn(data);
  const [first] = problems;
  const code = first?.errorCode ?? '';
  const quoted = quoteReason('Salesforce', problems.map(problemText).join('; '));

  if (code === 'REQUEST_LIMIT_EXCEEDED') return requestLimit(first?.message ?? '', quoted);
  // Another transaction locks the row for a moment. Nothing was done, and a retry may succeed.
  if (code === 'UNABLE_TO_LOCK_ROW') return refused('UPSTREAM_UNAVAILABLE', `Another change holds the record at the moment.${quoted}`);
  const failure = failureFromStatus(status, 'Salesforce', quoted);
  if (failure.code === 'UPSTREAM_UNAVAILABLE') return failure;
  if (status === 401)
    return refused(
      'UNAUTHENTICATED',
      `Salesforce refused the connection’s session.${quoted} Someone must check the external client app, the user that it acts as and the org’s session settings.`,
      { renew: true },
    );
  if (status === 410)
    return refused(
      'CONNECTION_INVALID',
      `Salesforce has retired this API version.${quoted} Someone must set a newer apiVersion in the connection’s settings.`,
    );
  if (status === 429) return refused('RATE_LIMITED', `Salesforce takes no more requests for now.${quoted}`);
  if (status === 409 || status === 412 || conflicts.has(code))
    return refused(
      'CONFLICT',
      `The record was changed by someone else, or exists already, so nothing was written.${quoted} Read it again before you decide what to write.`,
    );
  if (missingRecords.has(code) || status === 404)
    return refused(
      'NOT_FOUND',
      `Salesforce has no such record or object, or hides it from the connection’s user.${quoted} ${advice[code] ?? 'Check object and id; find records with salesforce_query_records and objects with salesforce_list_objects.'}`,
    );
  if (status === 403 || missingRights.test(code))
    return refused(
      'FORBIDDEN',
      `Salesforce does not let the connection’s user do this.${quoted} An administrator must grant that user the permission.`,
    );
  if (status === 414 || status === 431)
    return refused('UPSTREAM_REJECTED', 'The query is longer than Salesforce takes (16,384 bytes as a URL). Shorten it and call again.');
  return refused(
    'UPSTREAM_REJECTED',
    `Salesforce refused the request as wrong, so nothing was written.${quoted} ${advice[code] ?? 'Correct what it names and call again.'}`,
  );
}

/** Puts one error on one line: its code, its reason and its fields. */
export function problemText({ errorCode, statusCode, message, fields }: Problem): string {
  const at = fields && fields.length > 0 ? ` (${fields.join(', ')})` : '';
  return `${errorCode ?? statusCode ?? 'ERROR'}: ${message ?? 'no reason given'}${at}`.replaceAll(/\s+/g, ' ').trim();
}

/** Returns the errors in the body of a refusal: a list, or the object that OAuth sends. Empty for any other body. */
export function problemsIn(data: unknown): readonly Problem[] {
  const list = z.array(Problem).safeParse(data).data;
  if (list) return list;
  const oauth = z.looseObject({ error: z.string(), error_description: z.string().nullish() }).safeParse(data).data;
  return oauth ? [{ errorCode: oauth.error, message: oauth.error_description }] : [];
}

/** Salesforce uses one code for two limits. Concurrent requests end soon, but the daily limit does not recover during a call. */
function requestLimit(message: string, quoted: string): UpstreamFailure {
  if (/concurrent/i.test(message)) return refused('RATE_LIMITED', `The org has too many long requests running at the same time.${quoted}`);
  return refused(
    'RATE_LIMITED',
    `The org has used up its API requests for 24 hours.${quoted} Wait until older ones leave the window, or have the limit raised; salesforce_get_limits shows it.`,
    { retryAfterMs: dailyLimitPauseMs },
  );
}

function ambiguousExternalId(data: unknown): string {
  const records = z.array(z.string()).safeParse(data).data ?? [];
  const ids = records.slice(0, 10).map((path) => path.split('/').at(-1));
  return `More than one record has this external id, so nothing was written${ids.length > 0 ? `: ${ids.join(', ')}` : ''}. Work on one of them by its id, or have the field made unique.`;
}
