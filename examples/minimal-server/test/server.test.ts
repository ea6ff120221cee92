import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as OldStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as OldHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { expect, onTestFinished, test } from 'vitest';

const server = fileURLToPath(new URL('../src/server.ts', import.meta.url));
// A client passes on little of its own environment to a server.
const stdio = {
  command: process.execPath,
  args: [server, '--stdio'],
  env: { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '' },
};
const info = { name: 'test', version: '1.0.0' };
const greet = { name: 'hello_greet_person', arguments: { name: 'Ada' } };

/** Starts the server and waits until it prints its address. */
async function start(...args: string[]): Promise<{ child: ChildProcess; url: string; exited: Promise<unknown[]> }> {
  const child = spawn(process.execPath, [server, ...args], { env: { ...process.env, PORT: '0' }, stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill();
    await exited;
  });
  let output = '';
  for await (const chunk of child.stderr.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    output += chunk.toString();
    const url = /Serving MCP at (\S+)\n/.exec(output)?.[1];
    if (url) return { child, url, exited };
  }
  throw new Error(`The server ended: ${output}`);
}

test('an empty PORT counts as none', async () => {
  const child = spawn(process.execPath, [server], { env: { ...process.env, PORT: '' }, stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for await (const chunk of child.stderr as AsyncIterable<Buffer>) if ((output += chunk.toString()).includes('127.0.0.1:')) break;
  // The port may be taken.
  expect(output).toContain('127.0.0.1:3000');
});

test('greets client 2.x over HTTP and stdio', async () => {
  const { url } = await start();
  for (const transport of [new StreamableHTTPClientTransport(new URL(url)), new StdioClientTransport(stdio)]) {
    const client = new Client(info, { versionNegotiation: { mode: 'auto' } });
    await client.connect(transport);
    expect((await client.callTool(greet)).structuredContent).toEqual({ message: 'Hello, Ada!' });
    await client.close();
  }
});

test('greets client 1.x over HTTP and stdio', async () => {
  const { url } = await start();
  for (const transport of [new OldHttp(new URL(url)), new OldStdio(stdio)]) {
    const client = new OldClient(info);
    await client.connect(transport);
    expect((await client.callTool(greet)).structuredContent).toEqual({ message: 'Hello, Ada!' });
    await client.close();
  }
});

test.each([[[]], [['--stdio']]])('exits with 0 on SIGTERM (%j)', async (args) => {
  const { child, exited } = await start(...args);
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

test('exits over stdio when its client disconnects', async () => {
  const { child, exited } = await start('--stdio');
  child.stdin?.end();
  expect(await exited).toEqual([0, null]);
});
