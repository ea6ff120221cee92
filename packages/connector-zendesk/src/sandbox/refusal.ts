import { VendorError } from '@busbar/core/testing';

export const notFound = () => new VendorError(404, { error: 'RecordNotFound', description: 'Not found' });

export const badRequest = (message: string) => new VendorError(400, { error: { title: 'Invalid attribute', message } });

/** Creates the refusal of a record that breaks Zendesk's rules: 422, with the problem under its field. */
export const invalid = (field: string, description: string, error?: string) =>
  new VendorError(422, {
    error: 'RecordInvalid',
    description: 'Record validation errors',
    details: { [field]: [{ description, ...(error !== undefined && { error }) }] },
  });

/** Zendesk's usual body for an error status. */
export function failureBody(status: number): { body?: unknown } {
  switch (status) {
    case 401:
      return { body: { error: "Couldn't authenticate you" } };
    case 403:
      return {
        body: {
          error: {
            title: 'Forbidden',
            message: 'You do not have access to this page. Please contact the account owner of this help desk for further help.',
          },
        },
      };
    case 404:
      return { body: { error: 'InvalidEndpoint', description: 'Not found' } };
    case 409:
      return { body: { error: 'UpdateConflict', description: 'Safe Update prevented the update' } };
    case 429:
      return { body: { error: 'APIRateLimitExceeded', description: 'Number of allowed API requests per minute exceeded' } };
    case 503:
      return {
        body: { error: 'ServiceUnavailable', description: 'Sorry, we could not complete your request. Please try again in a moment.' },
      };
    default:
      return status >= 500 ? { body: { error: 'InternalError', description: 'Something went wrong' } } : {};
  }
}
