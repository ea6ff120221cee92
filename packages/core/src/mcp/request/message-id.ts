import { isObject } from '../../lib/json-object.ts';

/**
 * Returns the id of a request. Undefined for other messages and for an id of another type, and for a number that was rounded when it was
 * parsed, because the client would not recognize the answer.
 */
export function messageId(message: unknown): string | number | undefined {
  const id = isObject(message) && typeof message['method'] === 'string' ? message['id'] : undefined;
  return typeof id === 'string' || (typeof id === 'number' && Math.abs(id) <= Number.MAX_SAFE_INTEGER) ? id : undefined;
}
