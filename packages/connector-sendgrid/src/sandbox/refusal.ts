/** An error answer of SendGrid. Code of the sandbox throws it, and the routes send it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, message: string, field: string | null = null) {
    super(message);
    this.status = status;
    this.body = { errors: [{ message, field, help: null }] };
  }
}

/** SendGrid's usual error answer for a status. */
export const plainRefusal = (status: number): Refusal => new Refusal(status, messages[status] ?? 'invalid request');

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
