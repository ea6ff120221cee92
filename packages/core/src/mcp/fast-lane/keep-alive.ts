import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { ResponseHeaders } from '../request/response-headers.ts';
import { eventStream } from './write-response.ts';

// As the SDK does: proxies give up on a response that says nothing for long.
const everyMs = 15_000;

/** Opens the stream of an older client whose call takes long, and writes comments into it, until the function that it returns is called. */
export function keepAlive(response: ServerResponse, headers: ResponseHeaders | undefined, clock: Clock): () => void {
  let cancel = clock.timer(everyMs, beat);
  function beat(): void {
    if (!response.headersSent) response.writeHead(200, { ...headers, ...eventStream });
    response.write(': keepalive\n\n');
    cancel = clock.timer(everyMs, beat);
  }
  return () => cancel();
}
