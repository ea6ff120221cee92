import { failureFromStatus, quoteReason, refused, type HttpResponse, type UpstreamFailure } from '@busbar/core';
import { readProblems, type Problems } from './problems.ts';

/**
 * Turns an error answer into an error code, with Zendesk's own reason and what to do next. Zendesk does nothing when it refuses a request
 * (4xx). After a failure (5xx, or 408 from a proxy), the outcome is unknown. Core handles all other answers.
 */
export function readFailure({ status, data }: HttpResponse<unknown>): UpstreamFailure | undefined {
  if (status < 400) return undefined;
  const problems = readProblems(data);
  const quoted = quoteReason('Zendesk', problems.text);
  const failure = failureFromStatus(status, 'Zendesk', quoted);
  if (failure.code === 'UPSTREAM_UNAVAILABLE' || failure.code === 'RATE_LIMITED') return failure;

  switch (status) {
    case 401:
      return refused(
        'UNAUTHENTICATED',
        `Zendesk refused the connection’s credential.${quoted} Someone must renew its OAuth client or API token in the connection’s settings.`,
        { renew: true },
      );
    case 403:
      return refused(
        'FORBIDDEN',
        `Zendesk does not let the connection’s user do this.${quoted} Someone must give that user the right, or the connection the OAuth scope.`,
      );
    case 404:
      return notFound(problems, quoted);
    case 409:
      return conflict(problems, quoted);
    case 413:
      return refused(
        'UPSTREAM_REJECTED',
        'The request is larger than Zendesk accepts, so nothing was written. Shorten the text and call again.',
      );
  }
  if (problems.name === 'IdempotentRequestError') {
    return refused(
      'IDEMPOTENCY_CONFLICT',
      'The idempotency key was used for another ticket within the last two hours, so nothing was written. Use a new key for a new ticket.',
    );
  }
  if (/closed prevents (the )?ticket update/i.test(problems.text)) {
    return refused(
      'UPSTREAM_REJECTED',
      `The ticket is closed permanently: nothing can change or reopen it, and nothing was written.${quoted} Do not call again for this ticket. If its tags ` +
        'contain closed_by_merge, its last comment names the ticket that it was merged into: work on that one. Otherwise create a new ticket that ' +
        'refers to it; zendesk_create_ticket cannot link the two as a follow-up.',
    );
  }
  const fields = problems.isAboutCustomFields ? ' zendesk_list_ticket_fields with that id as fieldId shows what the field takes.' : '';
  return refused(
    'UPSTREAM_REJECTED',
    `Zendesk rejected the request, so nothing was written.${quoted} Correct the arguments that it names and call again.${fields}`,
  );
}

/** Zendesk answers 404 for a record, and also for a whole account that was renamed or deleted. */
function notFound({ text }: Problems, quoted: string): UpstreamFailure {
  if (/no help desk (at|configured)/i.test(text))
    return refused(
      'CONNECTION_INVALID',
      `Zendesk has no account at the connection’s subdomain, so nothing was done.${quoted} Someone must correct the subdomain in the connection’s settings.`,
    );
  return refused(
    'NOT_FOUND',
    `Zendesk has no such record, or hides it from the connection’s user.${quoted} Check the id, or find the record with zendesk_search_tickets or zendesk_get_user.`,
  );
}

/** Zendesk answers 409 if a record has changed since it was read, and also if two writes happen to meet in its database. */
function conflict({ name }: Problems, quoted: string): UpstreamFailure {
  if (name === 'DatabaseConflict')
    return refused(
      'UPSTREAM_UNAVAILABLE',
      `Two writes met inside Zendesk, so this one was not made.${quoted} That passes by itself: make the same call again in a moment.`,
      { repeat: 'idempotent' },
    );
  if (name === 'UpdateConflict')
    return refused(
      'CONFLICT',
      `Someone else has changed the ticket since you read it, so nothing was written.${quoted} Read it again with zendesk_get_ticket, then decide.`,
    );
  return refused(
    'CONFLICT',
    `The request conflicts with what Zendesk holds, so nothing was written.${quoted} Read the record again with zendesk_get_ticket or zendesk_get_user, then decide.`,
  );
}
