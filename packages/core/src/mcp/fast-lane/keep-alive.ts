import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { ResponseHeaders } from '../request/response-headers.ts';
import { eventStream } from './write-response.ts';

// The SDK's interval. Proxies close a response that is silent for long.
const everyMs = 15_000;

/**
 * Opens an event stream for an older client whose call takes long, and writes comments to the stream until the returned function is called.
 */
export function keepAlive(response: ServerResponse, headers: ResponseHeaders | undefined, clock: Clock): () => void {
  let cancel = clock.timer(everyMs, beat);
  function beat(): void {
    if (!response.headersSent) response.writeHead(200, { ...headers, ...eventStream });
    response.write(': keepalive\n\n');
    cancel = clock.timer(everyMs, beat);
  }
  return () => cancel();
}
