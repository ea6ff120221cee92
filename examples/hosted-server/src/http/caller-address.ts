import type { IncomingMessage } from 'node:http';

/** The network address of whoever asks: behind a proxy that is trusted the last one that it names, else the peer's. */
export function callerAddress({ headers, socket }: IncomingMessage, trustProxy: boolean): string | undefined {
  const forwarded = trustProxy ? String(headers['x-forwarded-for'] ?? '') : '';
  return forwarded.split(',').at(-1)?.trim() || socket.remoteAddress;
}
