import { VendorError } from '@busbar/core/testing';

/** Creates a refusal in the usual form: a list with one problem. */
export const refusal = (status: number, message: string, field: string | null = null) =>
  new VendorError(status, { errors: [{ message, field, help: null }] });

/** SendGrid's usual error answer for a status. */
export const plainRefusal = (status: number) => refusal(status, messages[status] ?? 'invalid request');

const messages: Readonly<Record<number, string>> = {
  401: 'The provided authorization grant is invalid, expired, or revoked',
  403: 'access forbidden',
  404: 'resource not found',
  405: 'method not allowed',
  413: 'payload too large',
  429: 'too many requests',
  500: 'internal server error',
  503: 'service unavailable',
};
