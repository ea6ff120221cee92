import type { IncomingMessage } from 'node:http';
import type { Departure } from './departure.ts';
import { Refusal } from './refusal.ts';

/**
 * Reads a request's body once, into memory. Rejects with a {@link Refusal} (413) as soon as it proves larger than `maxBytes`; what is still
 * to come is then thrown away unread by node:http, so that the client hears the answer.
 */
export function readBody(request: IncomingMessage, departure: Departure, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return reject(tooLarge(maxBytes));
    if (departure.aborted) return reject(gone());
    const chunks: Buffer[] = [];
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
    // Most bodies come in one piece, which needs no copy.
    request.on('end', () => {
      departure.removeEventListener();
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size));
    });
    departure.addEventListener('abort', onGone);
  });
}

const tooLarge = (maxBytes: number) =>
  new Refusal(413, 'INVALID_INPUT', `The request is larger than ${maxBytes} bytes. Send less at a time.`, { reason: 'body' });

const gone = () => new Error('The client went away before it had sent its request.');
