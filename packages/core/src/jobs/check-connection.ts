import { maskError, redactError } from '../call/error-answer.ts';
import type { Clock } from '../clock.ts';
import type { Health } from '../connector/connector.ts';
import { ToolError } from '../errors.ts';
import { redactingLogger } from '../lib/redactor.ts';
import type { Logger } from '../logger.ts';
import { connectionsFailure, type Connections } from '../ports/connections.ts';
import type { Clients } from '../upstream/clients.ts';
import { workContext } from './work-context.ts';

/** Options for {@link checkConnection}. */
export interface CheckOptions {
  readonly connections: Connections;
  readonly clients: Pick<Clients, 'use'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly timeoutMs: number;
  /** Ends the check early. */
  readonly signal: AbortSignal;
}

/**
 * Runs the `check` of a connection's connector. Errors from the check are masked and redacted.
 *
 * @throws {ToolError} CONNECTION_NOT_FOUND; INVALID_INPUT if the connector has no `check`; otherwise the error from the check.
 */
export async function checkConnection(
  { connections, clients, clock, log, timeoutMs, signal }: CheckOptions,
  connectionId: string,
): Promise<Health> {
  const connection = await connections.get(connectionId).catch((error: unknown) => {
    throw connectionsFailure(error, log);
  });
  if (!connection) throw new ToolError('CONNECTION_NOT_FOUND', 'There is no such connection.');
  return await clients.use(connection, async (open) => {
    if (!open.connector.check) throw new ToolError('INVALID_INPUT', `${open.connector.id} cannot check its connections.`);
    const ids = { connector: connection.connector, connection: connection.id, work: 'check' };
    const checkLog = redactingLogger(log, open.redactor, ids);
    const context = workContext({ open, clock, log: checkLog, timeoutMs, signal, name: 'check', mayWrite: false });
    try {
      return await open.connector.check(open.client, context);
    } catch (error) {
      throw redactError(maskError(error, `check-${connection.id}`, checkLog), open.redactor);
    } finally {
      context.end();
    }
  });
}
