import { stdin } from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import type { Host } from '../host.ts';
import { localPrincipal, type Principal } from '../principal.ts';
import type { Listener } from '../transport.ts';
import { DrainingTransport } from './draining-transport.ts';
import { hasMark, markBytes } from './request/byte-order-mark.ts';
import { createAskStateCodec } from './sdk-lane/ask-state.ts';
import { createSdkServer } from './sdk-lane/sdk-server.ts';
import { splitByRevision } from './split-by-revision.ts';
import { protocolFault } from './sdk-lane/protocol-fault.ts';

/** Options for {@link listenOnStdio}, which serves MCP to this process's parent. */
export interface StdioTransportOptions {
  /** Default: the process's own stdin and stdout. Only the protocol may write to `output`, so log elsewhere. */
  readonly input?: Readable | undefined;
  readonly output?: Writable | undefined;
  /** The caller. It is set here because clients do not authenticate over a pipe. Default: the local principal. */
  readonly principal?: Principal | undefined;
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
  { input = stdin, output, principal = localPrincipal, drainMs = 10_000, onClose }: StdioTransportOptions,
): Listener {
  const states = createAskStateCodec(undefined);
  // Runs before the SDK's own listener. The SDK would drop a first message that it cannot parse, and its client would wait for ever.
  input.prependOnceListener('data', blankMark);
  let closing: Promise<void> | undefined;
  const closeHost = () => {
    if (closing === undefined) host.close().catch((error: unknown) => host.log.error({ err: error }, 'closing the host failed'));
  };
  const transport = new DrainingTransport(new StdioServerTransport(input, output), onClose ?? closeHost);
  const connections = splitByRevision(transport).map((part) =>
    serveStdio(
      async () => createSdkServer(host, { principal, address: undefined, instructions: await host.instructions(principal) }, states),
      {
        transport: part,
        onerror: (error) => host.log.info(protocolFault(error), 'MCP over stdio failed'),
      },
    ),
  );
  host.start();
  const close = async () => {
    const left = await transport.drain(host.clock, drainMs);
    if (left > 0) host.log.warn({ requests: left }, 'closed with requests unanswered');
    // The SDK stops reading once no one else listens.
    input.off('data', blankMark);
    for (const connection of connections) await connection.close();
  };
  return { url: 'stdio:', close: () => (closing ??= close()) };
}

/** Overwrites a byte order mark with blanks, which JSON may begin with. */
function blankMark(chunk: Buffer): void {
  if (hasMark(chunk)) chunk.fill(' ', 0, markBytes);
}
