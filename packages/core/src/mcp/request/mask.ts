import type { Logger } from '../../logger.ts';

/** Logs an error that must not leave the process, in full, and returns the id of its log line. Give the caller only the id. */
export function mask(log: Logger, error: unknown, message: string): string {
  const errorId = crypto.randomUUID();
  log.error({ errorId, err: error }, message);
  return errorId;
}
