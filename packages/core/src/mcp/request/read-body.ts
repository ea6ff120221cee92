import type { IncomingMessage } from 'node:http';
import type { ClientSignal } from '../../host.ts';
import type { Guest } from '../room/room.ts';
import { HttpError, ownShareTaken } from './http-error.ts';

/** A body that has arrived. */
export class Arrived {
  /** In bytes. */
  readonly size: number;
  readonly #parts: readonly Buffer[];

  constructor(parts: readonly Buffer[], size: number) {
    this.#parts = parts;
    this.size = size;
  }

  /**
   * Puts the parts of the body together. The caller owns the bytes if there is no `scratch`. With `scratch` they may lie in it, because
   * memory that the system has just given takes longer to write to than a body takes to parse.
   */
  join(scratch?: (size: number) => Buffer): Buffer {
    const [first] = this.#parts;
    // Most bodies arrive in one part, which needs no copy.
    if (this.#parts.length === 1 && first) return first;
    if (!scratch) return Buffer.concat(this.#parts, this.size);
    const whole = scratch(this.size);
    let at = 0;
    for (const part of this.#parts) at += part.copy(whole, at);
    return whole.subarray(0, at);
  }
}

/**
 * Reads a request's body into memory once, and resolves with the result of `parse`. Rejects with the error that `parse` throws, or with an
 * {@link HttpError} as soon as the body turns out to be larger than `maxBytes` (413) or than the room that its sender has left.
 *
 * Why not an asynchronous function: docs/decisions/0012-v8-and-memory.md
 */
export function readBody<T>(
  request: IncomingMessage,
  disconnect: ClientSignal,
  guest: Guest,
  maxBytes: number,
  parse: (body: Arrived) => T | Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const declared = Number(request.headers['content-length'] ?? 0);
    if (declared > maxBytes) return reject(tooLarge(maxBytes));
    if (disconnect.aborted || disconnect.reason !== undefined) return reject(interrupted(disconnect));
    // A large body that has no room is refused before it is read, because reading costs time too.
    const isReserved = declared > reserveAbove;
    if (isReserved && !guest.hold(declared)) return reject(ownShareTaken);
    let chunks: Buffer[] = [];
    let size = 0;
    let count = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      count += 1;
      chunks.push(chunk);
      if (size > maxBytes) stop(tooLarge(maxBytes));
      else if (isInPieces(count, size)) stop(tooManyChunks());
      else if (!isReserved && !guest.hold(chunk.length + chunkOverhead)) stop(ownShareTaken);
    };
    const onDisconnect = () => stop(interrupted(disconnect));
    const stop = (error: Error) => {
      request.off('data', onData);
      request.off('end', onEnd);
      chunks = [];
      disconnect.removeEventListener('abort', onDisconnect);
      reject(error);
    };
    const onEnd = () => {
      disconnect.removeEventListener('abort', onDisconnect);
      const parts = chunks;
      // The request holds a reference to this function, so this function must not hold a reference to the body.
      chunks = [];
      let parsed: T | Promise<T>;
      try {
        parsed = parse(new Arrived(parts, size));
      } catch (error) {
        return reject(error);
      }
      resolve(parsed);
    };
    request.on('data', onData);
    request.on('end', onEnd);
    disconnect.addEventListener('abort', onDisconnect);
  });
}

// A chunk takes time and memory of its own. A client that sends a body byte by byte would take up hundreds of times as much as it sends.
const freeChunks = 64;
const minChunkBytes = 256;
const chunkOverhead = 512;
const reserveAbove = 64 * 1024;

/** Whether a body of this size arrives in more chunks than a client may send it in. */
export const isInPieces = (chunks: number, size: number): boolean => chunks > freeChunks + size / minChunkBytes;

const tooManyChunks = () =>
  new HttpError(400, 'INVALID_INPUT', 'The request arrives in too many small pieces. Send it in larger ones.', { reason: 'body' });

/** The error for a message larger than a transport reads. */
export const tooLarge = (maxBytes: number) =>
  new HttpError(413, 'INVALID_INPUT', `The request is larger than ${maxBytes} bytes. Send less at a time.`, { reason: 'body' });

const interrupted = ({ reason }: ClientSignal): Error =>
  reason instanceof HttpError ? reason : new Error('The client disconnected before it had sent its whole request.');
