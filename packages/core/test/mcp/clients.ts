import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernHttp,
  type ClientOptions,
  type OAuthClientProvider,
} from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import type { OAuthClientProvider as OldOAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as OldStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as OldHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const info = { name: 'test', version: '1.0.0' };
const stdioServer = fileURLToPath(new URL('./stdio-server.ts', import.meta.url));

/** How a client is set up. `token` goes out as `Authorization: Bearer`. */
export interface ClientSetup {
  readonly token?: string;
  readonly capabilities?: ClientOptions['capabilities'];
  /** Makes the client sign in with OAuth if it is refused. */
  readonly oauth?: OAuthClientProvider & OldOAuthClientProvider;
  /** Registers the function that closes the client. Default: for the end of the test. */
  readonly atEnd?: (close: () => Promise<void>) => void;
}

/** Connects the current official client, which speaks revision 2026-07-28 if the server does. */
export async function modernClient(url: URL | 'stdio', setup: ClientSetup = {}): Promise<ModernClient> {
  const client = new ModernClient(info, { versionNegotiation: { mode: 'auto' }, capabilities: setup.capabilities ?? {} });
  await connected(client, setup, async () => {
    await client.connect(url === 'stdio' ? new ModernStdio(spawned) : new ModernHttp(url, transportOptions(setup)));
  });
  return client;
}

/** Connects the official client 1.x, whose last revision is 2025-11-25. */
export async function oldClient(url: URL | 'stdio', setup: ClientSetup = {}): Promise<OldClient> {
  const client = new OldClient(info, { capabilities: setup.capabilities ?? {} });
  await connected(client, setup, async () => {
    const transport = url === 'stdio' ? new OldStdio(spawned) : new OldHttp(url, transportOptions(setup));
    await client.connect(transport);
  });
  return client;
}

// A client passes only a small part of its environment to a server.
const spawned = { command: process.execPath, args: [stdioServer], env: { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '' } };

const transportOptions = ({ token, oauth }: ClientSetup) => ({
  requestInit: { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } },
  ...(oauth && { authProvider: oauth }),
});

async function connected(client: { close(): Promise<void> }, { atEnd = onTestFinished }: ClientSetup, connect: () => Promise<void>) {
  atEnd(() => client.close());
  await connect();
}

/** Every official client over every transport, as rows for `describe.each`. */
export const clients = [
  { name: 'client 2.x over HTTP', connect: modernClient, over: 'http', modern: true },
  { name: 'client 1.x over HTTP', connect: oldClient, over: 'http', modern: false },
  { name: 'client 2.x over stdio', connect: modernClient, over: 'stdio', modern: true },
  { name: 'client 1.x over stdio', connect: oldClient, over: 'stdio', modern: false },
] as const;
