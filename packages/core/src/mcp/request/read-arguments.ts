import { findJsonExcess, messageBounds } from '../../lib/json-bounds.ts';
import { isObject } from '../../lib/json-object.ts';

/**
 * Gives the `arguments` of a message's params the form that the SDK accepts. Clients that send every property send null, or no text, for a
 * tool without arguments, and some send the JSON text that the model wrote instead of the object. A model cannot mend that. Leaves all
 * others for the SDK to refuse. Changes the message.
 */
export function readArguments(message: unknown): void {
  const params = isObject(message) ? (message['params'] as { arguments?: unknown } | undefined) : undefined;
  if (!isObject(params)) return;
  const sent = params['arguments'];
  if (sent === null || sent === '') delete params['arguments'];
  else if (typeof sent === 'string') params['arguments'] = objectIn(sent) ?? sent;
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
