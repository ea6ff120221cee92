import { ToolError, type Clock } from '@busbar/core';
import { HttpError, readBody, readCredentials, Room } from '@busbar/core/mcp/http';
import type { MiddlewareHandler } from 'hono';
import type { CallerOptions } from '../http/caller.ts';
import type { AdminEnv } from './admin-caller.ts';

const maxBodyBytes = 64 * 1024;
// Each has statements of its own that wait for a database connection. A tenant gets at most 8 of these places, and a key 4.
const maxRequests = 64;
const shares = { tenant: 1 / 8, key: 1 / 2 };
const retryAfterMs = 5_000;

/** `authenticate` must not accept a key that was revoked before the request. */
export interface BodyOptions extends Pick<CallerOptions, 'authenticate' | 'trustProxy'> {
  readonly clock: Clock;
}

/**
 * Admits an authenticated request while its key and its tenant have few others, reads its body, and gives its place back when its client
 * has the answer. A key that was revoked while the body arrived is refused.
 */
export function admitBody({ clock, ...options }: BodyOptions): MiddlewareHandler<AdminEnv> {
  const bytes = 2 * maxRequests * maxBodyBytes;
  const createRoom = () => new Room({ arriving: maxRequests, running: maxRequests, listening: 0, bytes, unread: 0 }, shares, clock);
  const room = createRoom();
  // Places that bodies which never end cannot take, because no body is read here.
  const revocations = createRoom();

  return async ({ req, env: { incoming }, var: { caller } }, next) => {
    const { method, signal } = req.raw;
    signal.throwIfAborted();
    const guest = (method === 'DELETE' ? revocations : room).enter(caller);
    if (!guest) throw tooMany();
    signal.addEventListener('abort', () => guest.leave(), { once: true });
    if (method === 'POST') {
      const received = incoming.socket.bytesRead;
      const body = await readBody(incoming, signal, guest, maxBodyBytes, (arrived) => arrived.join()).catch(toToolError);
      if (incoming.socket.bytesRead > received) await options.authenticate(readCredentials(incoming, options));
      req.raw = new Request(req.raw, { method, body });
    }
    if (!guest.run()) throw tooMany();
    await next();
  };
}

function toToolError(error: unknown): never {
  throw error instanceof HttpError ? new ToolError(error.code, error.message, { retryAfterMs }) : error;
}

const tooMany = () =>
  new ToolError('OVERLOADED', 'Too many requests to the admin API are running for this key or its tenant. Wait until others have ended.', {
    retryAfterMs,
  });
