import { ToolError, type ErrorCode } from '@busbar/core';

const statuses: Partial<Record<ErrorCode, number>> = {
  INVALID_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  OVERLOADED: 503,
};

/** An error that its caller may read. */
export interface HttpError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly error: ToolError;
}

/**
 * Returns the status and headers for a {@link ToolError}. Returns undefined for any other error, and for codes that are the server's own
 * fault: answer those with 500.
 */
export function httpErrorOf(error: unknown): HttpError | undefined {
  const status = ToolError.is(error) ? statuses[error.code] : undefined;
  if (!ToolError.is(error) || status === undefined) return undefined;
  const headers: Record<string, string> = {};
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  if (status === 429 || status === 503) headers['retry-after'] = String(Math.max(1, Math.ceil((error.retryAfterMs ?? 1_000) / 1_000)));
  return { status, headers, error };
}
