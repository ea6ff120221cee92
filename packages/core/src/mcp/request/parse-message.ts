import { isUtf8 } from 'node:buffer';
import { findJsonExcess, messageBounds } from '../../lib/json-bounds.ts';
import { hasMark, markBytes } from './byte-order-mark.ts';
import { HttpError } from './http-error.ts';

/**
 * Parses the bytes of one message, which may begin with a byte order mark.
 *
 * @throws {HttpError} if the bytes hold too much, or are no JSON in UTF-8.
 */
export function parseMessage(bytes: Buffer): unknown {
  const excess = findJsonExcess(bytes, messageBounds);
  if (excess) throw new HttpError(413, 'INVALID_INPUT', `The request ${excess}. Send less at a time.`, { reason: 'body' });
  if (!isUtf8(bytes)) throw unreadable('the message is not UTF-8.');
  try {
    return JSON.parse(bytes.toString('utf8', hasMark(bytes) ? markBytes : 0)) as unknown;
  } catch {
    throw unreadable('the message is not JSON.');
  }
}

const unreadable = (fault: string) => new HttpError(400, 'INVALID_INPUT', `Parse error: ${fault}`, { rpcCode: -32700 });
