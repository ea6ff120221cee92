import { isObject } from '../../lib/json-object.ts';

/**
 * Removes the `arguments` of a message's params if they are null. Clients that send every property send null for a tool without arguments,
 * and the SDK would refuse it. Changes the message.
 */
export function removeNullArguments(message: unknown): void {
  const params = isObject(message) ? message['params'] : undefined;
  if (isObject(params) && params['arguments'] === null) delete (params as { arguments?: unknown }).arguments;
}
