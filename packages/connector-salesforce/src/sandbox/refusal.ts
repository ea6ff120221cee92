/** A no of Salesforce, as it goes over the wire. Thrown where it is found out. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(`Salesforce's ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** The usual form: a list with one error. */
export const refusal = (status: number, errorCode: string, message: string, fields?: readonly string[]) =>
  new Refusal(status, [{ message, errorCode, ...(fields && { fields }) }]);

/** A query that SOQL or SOSL has no reading for. */
export const malformed = (message: string) => refusal(400, 'MALFORMED_QUERY', message);

/** A resource that is not there. */
export const notFound = () => refusal(404, 'NOT_FOUND', 'The requested resource does not exist');

/** What Salesforce says with a status where nothing particular is the matter. */
export function failureBody(status: number): { body?: unknown } {
  const said: Readonly<Record<number, readonly [code: string, message: string]>> = {
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
  const [errorCode, message] = said[status] ?? [];
  return errorCode === undefined ? {} : { body: [{ message, errorCode }] };
}
