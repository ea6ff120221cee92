// The bare server, which is the limit: it reads and parses the body, and answers with prepared bytes.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { texts } from '../clients/request.ts';

interface Message {
  readonly method: string;
  readonly params: { readonly arguments?: { readonly text: string }; readonly _meta?: object };
}

const [port, toolCount] = process.argv.slice(2).map(Number);
const bytesOf = (result: string) => Buffer.from(`{"jsonrpc":"2.0","id":1,"result":{${result}}}`);
const discovery = ',"resultType":"complete","ttlMs":60000,"cacheScope":"private"';
const answers = [
  { era: '2025-11-25', rest: '', listType: 'text/event-stream' },
  { era: '2026-07-28', rest: discovery, listType: 'application/json' },
].map(({ era, rest, listType }) => ({
  listType,
  // Written by bare-lists.ts, so that zod and the conversion of schemas are not part of the limit.
  list: readFileSync(new URL(`list-${toolCount}-${era}`, import.meta.url)),
  calls: new Map(
    Object.values(texts).map((text) => {
      const content = JSON.stringify([{ type: 'text', text }]);
      return [text.length, bytesOf(`"content":${content},"structuredContent":{"characters":${text.length}}${rest}`)] as const;
    }),
  ),
}));

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { method, params } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Message;
    const ready = answers[params._meta === undefined ? 0 : 1];
    const body = method === 'tools/list' ? ready?.list : ready?.calls.get(params.arguments?.text.length ?? 0);
    if (!body) return void response.writeHead(404).end();
    const type = method === 'tools/list' ? ready?.listType : 'application/json';
    response.writeHead(200, { 'content-type': type, 'content-length': body.length }).end(body);
  });
});
server.listen(port, '127.0.0.1');
