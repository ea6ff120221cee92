import type { Logger } from '../../logger.ts';

/** Logs in full an error that must not leave the process, and returns the id of the log line. Give the caller only the id. */
export function mask(log: Logger, error: unknown, message: string): string {
  const errorId = crypto.randomUUID();
  log.error({ errorId, err: error }, message);
  return errorId;
}
