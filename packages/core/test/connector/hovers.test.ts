import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const root = join(import.meta.dirname, '../../../..');
const tsc = join(createRequire(import.meta.url).resolve('typescript/package.json'), '../bin/tsc');

/** Starts TypeScript's language server, which editors use. Returns functions that send it a request and a notification. */
function startLanguageServer() {
  const server = spawn(process.execPath, [tsc, '--lsp', '--stdio'], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void server.kill('SIGKILL'));
  const answers = new Map<number, (result: unknown) => void>();
  let rest = Buffer.alloc(0);
  server.stdout.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const head = /^Content-Length: (\d+)\r\n\r\n/.exec(rest.toString('latin1', 0, 100));
      if (!head || rest.length < head[0].length + Number(head[1])) return;
      const end = head[0].length + Number(head[1]);
      const { id, method, result } = JSON.parse(rest.toString('utf8', head[0].length, end)) as {
        id: number;
        method?: string;
        result: unknown;
      };
      rest = rest.subarray(end);
      // The server asks for settings too, and works without.
      if (method === undefined) answers.get(id)?.(result);
      else if (id !== undefined) send({ id, result: null });
    }
  });
  const send = (message: object) => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    server.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  };
  let last = 0;
  return {
    notify: (method: string, params: object) => send({ method, params }),
    request: (method: string, params: object) =>
      new Promise<unknown>((resolve) => {
        last += 1;
        answers.set(last, resolve);
        send({ id: last, method, params });
      }),
  };
}

const text = `import { z } from 'zod';
import { createHost, defineConnector } from '../../src/index.ts';
import { httpTransport } from '../../src/mcp/http.ts';
import { callTool } from '../../src/testing/index.ts';

const acme = defineConnector({
  spec: 'v1',
  id: 'acme',
  config: z.object({}),
  connections: 'one',
  limits: {},
  origins: () => [],
  open: ({ http }) => ({ http }),
  tools: (tool) => [
    tool({
      name: 'acme_read_note',
      description: 'Reads a note.',
      input: z.object({}),
      output: z.object({}),
      effect: 'read',
      run: async (input, { http }, context) => {
        await http.get({ path: '/notes', accept: [404] }, context);
        await http.post({ path: '/notes', ifLost: 'Look.' }, context);
        return {};
      },
    }),
  ],
  jobs: [],
  webhook: undefined,
});
createHost({ connectors: [acme], staleIfErrorMs: 0 });
httpTransport({ allowedHosts: [] });
void callTool(acme, 'acme_read_note', {}, {}, { callTimeoutMs: 1 });
`;

test('an editor explains each field of a definition, of a request and of the options', async () => {
  const { request, notify } = startLanguageServer();
  const capabilities = { textDocument: { hover: { contentFormat: ['markdown'] } } };
  await request('initialize', { processId: process.pid, rootUri: pathToFileURL(root).href, capabilities });
  notify('initialized', {});
  const uri = pathToFileURL(join(import.meta.dirname, 'hovered.ts')).href;
  notify('textDocument/didOpen', { textDocument: { uri, languageId: 'typescript', version: 1, text } });
  const lines = text.split('\n');
  const explained = async (field: string): Promise<string> => {
    const at = new RegExp(`\\b${field}:`);
    const line = lines.findIndex((source) => at.test(source));
    const position = { line, character: at.exec(lines[line] ?? '')?.index };
    const hover = (await request('textDocument/hover', { textDocument: { uri }, position })) as { contents: { value: string } } | null;
    // The signature is a block of code, and the docstring follows it.
    return hover?.contents.value.split('```').at(-1)?.trim() ?? '';
  };
  const fields = [...new Set([...text.matchAll(/\b(\w+):/g)].map(([, field = '']) => field))];
  const unexplained = [];
  for (const field of fields) if ((await explained(field)) === '') unexplained.push(field);
  // Their types say all.
  expect(unexplained).toEqual(['connectors']);
  expect(await explained('jobs')).toContain('Background work');
  expect(await explained('allowedHosts')).toContain('that `Host` may name');
});
