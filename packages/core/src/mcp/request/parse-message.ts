import { isUtf8 } from 'node:buffer';
import { findJsonExcess, messageBounds } from '../../lib/json-bounds.ts';
import { hasMark, markBytes } from './byte-order-mark.ts';
import { HttpError } from './http-error.ts';

/**
 * Returns the text of the bytes of one message, which may begin with a byte order mark.
 *
 * @throws {HttpError} if the bytes hold too much, or are not UTF-8.
 */
export function decodeMessage(bytes: Buffer): string {
  const excess = findJsonExcess(bytes, messageBounds);
  if (excess) throw new HttpError(413, 'INVALID_INPUT', `The request ${excess}. Send less at a time.`, { reason: 'body' });
  if (!isUtf8(bytes)) throw unreadable('the message is not UTF-8.');
  return bytes.toString('utf8', hasMark(bytes) ? markBytes : 0);
}

/**
 * Parses the text of one message.
 *
 * @throws {HttpError} if it is no JSON.
 */
export function parseMessage(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unreadable('the message is not JSON.');
  }
}

const unreadable = (fault: string) => new HttpError(400, 'INVALID_INPUT', `Parse error: ${fault}`, { rpcCode: -32700 });
