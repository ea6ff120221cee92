import type { ServerContext } from '@modelcontextprotocol/server';
import type { CallRequest } from '../../host.ts';

// A tool that reports each of a million rows must not fill the connection's buffer. What comes after is dropped.
const most = 1_000;

/** Sends a call's progress to a client that gave a token for it. Undefined where it gave none. The host sees to it that values grow. */
export function progressReporter(context: ServerContext): CallRequest['progress'] {
  const progressToken = context.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  let sent = 0;
  return (done, total, message) => {
    if (sent >= most) return;
    sent += 1;
    const params = { progressToken, progress: done, ...(total !== undefined && { total }), ...(message !== undefined && { message }) };
    // Whoever went away needs no progress; the call hears of it by its signal.
    context.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {});
  };
}
