import { VendorError } from '@busbar/core/testing';

/** Creates a refusal in the usual form: a list with one error. */
export const refusal = (status: number, errorCode: string, message: string, fields?: readonly string[]) =>
  new VendorError(status, [{ message, errorCode, ...(fields && { fields }) }]);

/** Creates the refusal of a query that is not valid SOQL or SOSL. */
export const malformed = (message: string) => refusal(400, 'MALFORMED_QUERY', message);

/** Creates the refusal of a request to a resource that does not exist. */
export const notFound = () => refusal(404, 'NOT_FOUND', 'The requested resource does not exist');

/** Returns the body that Salesforce usually sends with a status. */
export function failureBody(status: number): { body?: unknown } {
  const errors: Readonly<Record<number, readonly [code: string, message: string]>> = {
    400: ['JSON_PARSER_ERROR', 'The request was not understood'],
    401: ['INVALID_SESSION_ID', 'Session expired or invalid'],
    403: ['INSUFFICIENT_ACCESS', 'insufficient access rights on object id'],
    404: ['NOT_FOUND', 'The requested resource does not exist'],
    409: ['DUPLICATE_VALUE', 'duplicate value found'],
    422: ['INVALID_INPUT', 'The request could not be processed'],
    429: ['REQUEST_LIMIT_EXCEEDED', 'ConcurrentRequests (Concurrent API Requests) Limit exceeded.'],
    500: ['UNKNOWN_EXCEPTION', 'An unexpected error occurred'],
    503: ['SERVER_UNAVAILABLE', 'Server unavailable'],
  };
  const [errorCode, message] = errors[status] ?? [];
  return errorCode === undefined ? {} : { body: [{ message, errorCode }] };
}
