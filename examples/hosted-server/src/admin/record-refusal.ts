import { memoryRateLimit, ToolError, type Audit, type Clock, type Logger } from '@busbar/core';
import { apiKeyPattern } from '@busbar/postgres';
import type { AdminCaller } from './admin-caller.ts';

/** The services that recording refusals needs. */
export interface RefusalRecords {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Records an error of a request if it refuses the caller a right. Never rejects. */
export type RecordRefusal = (error: unknown, caller: AdminCaller | undefined, request: string) => Promise<void>;

// A key that is refused on and on must not fill the audit.
const limit = { limit: 10, windowMs: 60_000 };
const maxKeys = 10_000;
// Someone may send a key where its id belongs.
const apiKeys = new RegExp(apiKeyPattern, 'g');

/** Records at most 10 refusals of a key in a minute. Writes a refusal that cannot be recorded to the log, whole. */
export function createRefusalRecords({ audit, clock, log }: RefusalRecords): RecordRefusal {
  const limitPerKey = memoryRateLimit([limit], { clock, maxKeys });
  return async (error, caller, request) => {
    if (!caller || !ToolError.is(error) || error.code !== 'FORBIDDEN') return;
    const { tenant, id, address } = caller;
    if (!(await limitPerKey.take(JSON.stringify([tenant, id]))).allowed) return;
    const subject = request.replace(apiKeys, '[API key]');
    const event = { event: 'admin.refused', tenant, principal: id, address, subject, detail: error.message } as const;
    await audit.record(event).catch((err: unknown) => log.warn({ ...event, err }, 'A refusal could not be recorded in the audit'));
  };
}
