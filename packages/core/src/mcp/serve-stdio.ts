import { stdin } from 'node:process';
import { finished, type Readable, type Writable } from 'node:stream';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import type { Host } from '../host.ts';
import { localPrincipal, type Principal } from '../principal.ts';
import type { Listener } from '../transport.ts';
import { DrainingTransport } from './draining-transport.ts';
import { MessageLines } from './message-lines.ts';
import { checkMessage } from './request/check-message.ts';
import { refusalOf } from './request/http-error.ts';
import { createAskStateCodec } from './sdk-lane/ask-state.ts';
import { checkInitialize } from './sdk-lane/check-initialize.ts';
import { protocolFault } from './sdk-lane/protocol-fault.ts';
import { createSdkServer } from './sdk-lane/sdk-server.ts';
import { namesRevision, splitByRevision } from './split-by-revision.ts';

/** Options for {@link listenOnStdio}, which serves MCP to this process's parent. */
export interface StdioTransportOptions {
  /** Default: the process's own stdin and stdout. Only the protocol may write to `output`, so log elsewhere. */
  readonly input?: Readable | undefined;
  readonly output?: Writable | undefined;
  /** The caller. It is set here because clients do not authenticate over a pipe. Default: the local principal. */
  readonly principal?: Principal | undefined;
  /** The largest message, in bytes. Default 1 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** How long `close` waits for running requests, in milliseconds. Default 10,000. */
  readonly drainMs?: number | undefined;
  /**
   * Called once at the end, when the client has disconnected or `close` was called. Default: closes the host if the client has
   * disconnected, because its jobs would keep the process alive. Give a function if the host has another transport, or other stores to
   * close.
   */
  readonly onClose?: (() => void) | undefined;
}

/** Serves one client over a pipe, through the SDK. See {@link StdioTransportOptions}. */
export function listenOnStdio(
  host: Host,
  { input = stdin, output, principal = localPrincipal, maxBodyBytes = 1024 * 1024, drainMs = 10_000, onClose }: StdioTransportOptions,
): Listener {
  const states = createAskStateCodec(undefined);
  let closing: Promise<void> | undefined;
  const closeHost = () => {
    if (closing === undefined) host.close().catch((error: unknown) => host.log.error({ err: error }, 'closing the host failed'));
  };
  const lines = new MessageLines({ maxBytes: maxBodyBytes, check, refuse: (error, id) => refuse(error, id) });
  const stdio = new StdioServerTransport(lines, output);
  // An error's id may be null in JSON-RPC, while the SDK's type knows only ids of requests.
  const refuse = (error: unknown, id: string | number | undefined) =>
    void stdio.send(refusalOf(host, error, id).body as unknown as JSONRPCMessage).catch(() => {});
  const transport = new DrainingTransport(stdio, () => {
    // A client that reads no more may keep the input open, which would keep the process alive.
    stopReading();
    (onClose ?? closeHost)();
  });
  const connections = splitByRevision(transport).map((part) =>
    serveStdio(
      async () => createSdkServer(host, { principal, address: undefined, instructions: await host.instructions(principal) }, states),
      {
        transport: part,
        onerror: (error) => host.log.info(protocolFault(error), 'MCP over stdio failed'),
      },
    ),
  );
  const stopReading = () => void input.unpipe(lines).pause();
  input.pipe(lines, { end: false });
  // The SDK ends with the lines, and so reports an input that breaks.
  finished(input, (error) => (error ? lines.destroy(error) : lines.end()));
  host.start();
  const close = async () => {
    const left = await transport.drain(host.clock, drainMs);
    if (left > 0) host.log.warn({ requests: left }, 'closed with requests unanswered');
    for (const connection of connections) await connection.close();
    stopReading();
  };
  return { url: 'stdio:', close: () => (closing ??= close()) };
}

function check(message: unknown): void {
  checkMessage(message);
  // Revision 2026-07-28 has no such method, and the SDK says so.
  if (!namesRevision(message as JSONRPCMessage)) checkInitialize(message);
}
