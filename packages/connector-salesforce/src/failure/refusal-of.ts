import { failureFromStatus, quoteReason, refused, type ErrorCode, type UpstreamFailure } from '@busbar/core';
import type { z } from 'zod';
import type { Problem } from '../schemas.ts';
import { codeOf, problemText } from './problems.ts';

type Problems = readonly z.output<typeof Problem>[];

/** The window of the daily limit is rolling, so requests become available all the time, but not soon enough for a call to wait. */
const dailyLimitPauseMs = 15 * 60_000;

const missingRights = /^(INSUFFICIENT_ACCESS|API_DISABLED_FOR_ORG|API_CURRENTLY_DISABLED|INSUFFICIENT_PERMISSIONS)/;

/** The kind of error of codes that Salesforce sends with more than one status, or with a status that means something else elsewhere. */
const kinds: Readonly<Record<string, ErrorCode>> = {
  NOT_FOUND: 'NOT_FOUND',
  ENTITY_IS_DELETED: 'NOT_FOUND',
  INVALID_QUERY_LOCATOR: 'NOT_FOUND',
  DUPLICATE_VALUE: 'CONFLICT',
  DUPLICATE_EXTERNAL_ID: 'CONFLICT',
  DUPLICATES_DETECTED: 'CONFLICT',
  PRECONDITION_FAILED: 'CONFLICT',
  INVALID_OPERATION_WITH_EXPIRED_PASSWORD: 'CONNECTION_INVALID',
  STORAGE_LIMIT_EXCEEDED: 'UPSTREAM_REJECTED',
  ENTITY_IS_LOCKED: 'UPSTREAM_REJECTED',
};

/** What happened, by the kind of error. Salesforce's reason follows. */
const openings: Readonly<Partial<Record<ErrorCode, string>>> = {
  NOT_FOUND: 'Salesforce has no such record or object, or hides it from the connection’s user.',
  CONFLICT: 'The write is in conflict with what the org holds, so nothing was written.',
  FORBIDDEN: 'Salesforce does not let the connection’s user do this.',
  CONNECTION_INVALID: 'Salesforce refuses the connection’s user.',
  UPSTREAM_REJECTED: 'Salesforce refused the request as wrong, so nothing was written.',
};

/** What to do next, by the kind of error, for codes without advice of their own. */
const usualAdvice: Readonly<Partial<Record<ErrorCode, string>>> = {
  NOT_FOUND: 'Check object and id; find records with salesforce_query_records and objects with salesforce_list_objects.',
  CONFLICT: 'Read the record before you decide what to write.',
  FORBIDDEN: 'An administrator must grant that user the permission.',
  CONNECTION_INVALID: 'Someone must look after that user in Salesforce.',
  UPSTREAM_REJECTED: 'Correct what it names and call again.',
};

/** Advice on codes that models meet often. */
const advice: Readonly<Record<string, string>> = {
  MALFORMED_QUERY: 'Correct the SOQL and call again.',
  INVALID_FIELD: 'Look the field names up with salesforce_describe_object and call again.',
  INVALID_FIELD_FOR_INSERT_UPDATE: 'Leave out the fields that cannot be written: salesforce_describe_object shows which.',
  INVALID_TYPE: 'Look the object’s name up with salesforce_list_objects and call again.',
  INVALID_CROSS_REFERENCE_KEY: 'An id in the fields names no record of the right object, or a hidden one: look it up and call again.',
  EXCEEDED_ID_LIMIT: 'Salesforce does not page through grouped results: add LIMIT 2000 or less, or narrow the WHERE.',
  INVALID_QUERY_LOCATOR: 'This page is no longer kept. Start the query again without a cursor.',
  ENTITY_IS_LOCKED: 'An approval process holds the record: a person must approve, reject or recall it first.',
  QUERY_TIMEOUT: 'Narrow the query: filter by an indexed field such as Id, Name or CreatedDate, or add LIMIT.',
  REQUEST_RUNNING_TOO_LONG: 'Ask for less: narrow the query, or write fewer records at once.',
  REQUIRED_FIELD_MISSING: 'Give the fields that it names and call again.',
  DUPLICATE_VALUE: 'Another record has this value, which must be unique: update the record that it names, or give another value.',
  DUPLICATE_EXTERNAL_ID: 'Several records have this external id: update one of them by its id, or have the field made unique.',
  DUPLICATES_DETECTED:
    'A duplicate rule of the org found similar records: update one of them, or ask a person whether the new one is wanted.',
  PRECONDITION_FAILED: 'The record was changed by someone else since you read it. Read it again before you decide what to write.',
  STORAGE_LIMIT_EXCEEDED: 'The org’s storage is full: an administrator must free some or buy more. salesforce_get_limits shows it.',
  API_DISABLED_FOR_ORG: 'The org’s edition has no API, or the user lacks API Enabled: an administrator must look.',
  INVALID_OPERATION_WITH_EXPIRED_PASSWORD: 'The user’s password has expired: someone must set a new one in Salesforce.',
};

/** Returns the failure for a status of 400 or more, of a whole answer or of a part of one, with the errors in its body. */
export function refusalOf(status: number, problems: Problems): UpstreamFailure {
  const [first] = problems;
  // A 412 may come without a body.
  const code = first ? codeOf(first) : status === 412 ? 'PRECONDITION_FAILED' : '';
  const quoted = quoteReason('Salesforce', problems.map(problemText).join('; '));

  if (code === 'REQUEST_LIMIT_EXCEEDED') return requestLimit(first?.message ?? '', quoted);
  if (problems.length > 0 && problems.every((problem) => codeOf(problem) === 'UNABLE_TO_LOCK_ROW')) return rowsLocked(quoted);
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
  if (status === 414 || status === 431)
    return refused('UPSTREAM_REJECTED', 'The query is longer than Salesforce takes (16,384 bytes as a URL). Shorten it and call again.');
  const kind = kinds[code] ?? (missingRights.test(code) ? 'FORBIDDEN' : kindOf(status));
  return refused(kind, `${openings[kind]}${quoted} ${adviceOn(code, first?.message ?? '') ?? usualAdvice[kind]}`);
}

/** The failure of a write that met a row which another transaction locks for a moment. Nothing was done, and a retry may succeed. */
export const rowsLocked = (quoted = ''): UpstreamFailure =>
  refused(
    'UPSTREAM_UNAVAILABLE',
    `Another change holds the record at the moment, so nothing was written.${quoted} Make the same call again in a moment.`,
  );

const kindOf = (status: number): ErrorCode =>
  status === 404 ? 'NOT_FOUND' : status === 409 || status === 412 ? 'CONFLICT' : status === 403 ? 'FORBIDDEN' : 'UPSTREAM_REJECTED';

function adviceOn(code: string, message: string): string | undefined {
  // Salesforce uses the code of an unknown field for a value of the wrong type too.
  if (code === 'INVALID_FIELD' && /be enclosed in quotes/.test(message))
    return 'Bind the value: write :name in soql and give it in values, a date as {"date": "2026-03-01"}, a text, number or true as such.';
  return advice[code];
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
