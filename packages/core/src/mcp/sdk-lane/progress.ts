import type { ServerContext } from '@modelcontextprotocol/server';
import type { CallRequest } from '../../host.ts';

// A tool that reports each of a million rows must not fill the connection's buffer. Further reports are dropped.
const maxReports = 1_000;

/**
 * Returns a function that sends a call's progress to the client. Returns undefined if the client sent no progress token. The host ensures
 * that the values increase.
 */
export function progressReporter(context: ServerContext): CallRequest['progress'] {
  const progressToken = context.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  let sent = 0;
  return (done, total, message) => {
    if (sent >= maxReports) return;
    sent += 1;
    const params = { progressToken, progress: done, ...(total !== undefined && { total }), ...(message !== undefined && { message }) };
    // Rejects if the client has disconnected. The call's signal reports that.
    context.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {});
  };
}
