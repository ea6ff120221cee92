import { isInitializeRequest } from '@modelcontextprotocol/server';
import { HttpError } from '../request/http-error.ts';

/**
 * Refuses a malformed `initialize` of an older revision, for which the SDK would report a fault of the server.
 *
 * @throws {HttpError}
 */
export function checkInitialize(message: unknown): void {
  if ((message as { method?: unknown } | null)?.method !== 'initialize' || isInitializeRequest(message)) return;
  const form = 'protocolVersion (text), capabilities (object) and clientInfo (object with name and version)';
  throw new HttpError(400, 'INVALID_INPUT', `Invalid params: initialize needs params with ${form}.`, { rpcCode: -32602 });
}
