import type { IncomingMessage } from 'node:http';
import type { ClientDisconnect } from './client-disconnect.ts';
import { HttpError } from './http-error.ts';

/**
 * Reads a request's body once, into memory, and gives what `read` makes of it. Rejects with what that throws, and with a {@link HttpError} (413) as
 * soon as the body proves larger than `maxBytes`; what is still to come is then thrown away unread by node:http, so that the client hears the answer.
 *
 * The body itself is let go of at once: who waits for it here, in an asynchronous function, would keep it for as long as the call runs.
 */
export function readBody<T>(
  request: IncomingMessage,
  departure: ClientDisconnect,
  maxBytes: number,
  read: (body: Buffer) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return reject(tooLarge(maxBytes));
    if (departure.aborted) return reject(gone());
    let chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBytes) stop(tooLarge(maxBytes));
    };
    const onGone = () => stop(gone());
    const stop = (error: Error) => {
      request.off('data', onData);
      departure.removeEventListener();
      reject(error);
    };
    request.on('data', onData);
    request.on('end', () => {
      departure.removeEventListener();
      const whole = chunks;
      // The request keeps this function.
      chunks = [];
      let made: T;
      try {
        // Most bodies come in one piece, which needs no copy.
        made = read(whole.length === 1 && whole[0] ? whole[0] : Buffer.concat(whole, size));
      } catch (error) {
        return reject(error);
      }
      resolve(made);
    });
    departure.addEventListener('abort', onGone);
  });
}

const tooLarge = (maxBytes: number) =>
  new HttpError(413, 'INVALID_INPUT', `The request is larger than ${maxBytes} bytes. Send less at a time.`, { reason: 'body' });

const gone = () => new Error('The client went away before it had sent its request.');
