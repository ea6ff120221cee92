import { findJsonExcess, messageBounds } from '../../lib/json-bounds.ts';
import { isObject } from '../../lib/json-object.ts';

/**
 * Gives the params of a message the form that the SDK accepts. Clients that send every property send null, or no text, for a tool without
 * arguments, and null for a progress token that they do not have. Some send the JSON text that the model wrote instead of the object. A
 * model cannot mend that. Leaves all others to be refused.
 *
 * @returns Whether it changed the message.
 */
export function readParams(message: unknown): boolean {
  const params = isObject(message) ? message['params'] : undefined;
  if (!isObject(params)) return false;
  const hasToken = dropNullToken(params['_meta']);
  return readArguments(params) || hasToken;
}

function dropNullToken(meta: unknown): boolean {
  return isObject(meta) && meta['progressToken'] === null && delete (meta as { progressToken?: unknown }).progressToken;
}

function readArguments(params: { arguments?: unknown }): boolean {
  const sent = params.arguments;
  if (sent === null || sent === '') return delete params.arguments;
  const object = typeof sent === 'string' ? objectIn(sent) : undefined;
  if (!object) return false;
  params.arguments = object;
  return true;
}

/** Parses the JSON text of an object. Undefined for other texts, and for an object that holds more than a message may. */
function objectIn(text: string): object | undefined {
  if (findJsonExcess(Buffer.from(text), messageBounds)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
