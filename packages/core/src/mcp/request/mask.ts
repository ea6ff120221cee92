import type { Logger } from '../../logger.ts';

/** Logs what must not leave the process, whole, and gives the id under which it is found there. Tell the caller only the id. */
export function mask(log: Logger, error: unknown, message: string): string {
  const errorId = crypto.randomUUID();
  log.error({ errorId, err: error }, message);
  return errorId;
}
