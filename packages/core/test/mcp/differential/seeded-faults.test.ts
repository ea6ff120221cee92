import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { compare } from './both-lanes.ts';
import { judge, type ListedDifference } from './differences.ts';
import { sent, type Draft } from './http-request.ts';
import { serveTwin, type Twin } from './reference-server.ts';
import { bases, call, legacy, modernVersion } from './requests.ts';

// Both sides are one server, so that nothing differs but what a liar between them changes.
let twin: Twin;
beforeAll(async () => {
  twin = await serveTwin('sdk');
  // The first answer takes longest, and one test waits for none.
  await compare([sent(echo)], twin.port, twin.port);
});
afterAll(() => twin.close());

/** Changes what a server says. Undefined: says nothing. Empty: hangs up. */
type Lie = (said: string) => string | undefined;

/** Stands before the twin and lies until the test ends. Gives its port. */
async function liar(lie: Lie): Promise<number> {
  const server = createServer((client) => {
    const upstream = connect(twin.port, '127.0.0.1');
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      const told = lie(bytes.toString('latin1'));
      if (told !== undefined) client.write(told, 'latin1');
      if (told === '' || told?.includes('Connection: close')) client.end();
    });
    for (const socket of [client, upstream])
      socket
        .on('error', () => {})
        .on('close', () => {
          client.destroy();
          upstream.destroy();
        });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const echo = call(modernVersion, 'twin_echo_text', { text: 'a' });
const ping = legacy('2025-11-25', 'ping');

const found = async (draft: Draft, lie: Lie, hungMs?: number) => await compare([sent(draft)], twin.port, await liar(lie), hungMs);

test.each<[string, Draft, Lie, readonly string[]]>([
  ['another status', echo, (said) => said.replace('200 OK', '202 OK'), ['status']],
  ['another reason', echo, (said) => said.replace('200 OK', '200 Ok'), ['status']],
  ['another header', echo, (said) => said.replace('remaining: 41', 'remaining: 42'), ['header x-ratelimit-remaining']],
  ['a header less', echo, (said) => said.replace(/x-ratelimit-limit.*\r\n/, ''), ['header x-ratelimit-limit', 'header order']],
  ['a header more', echo, (said) => said.replace('\r\n', '\r\nx-lane: fast\r\n'), ['header x-lane', 'header order']],
  ['a header twice', echo, (said) => said.replace(/(x-ratelimit-limit.*\r\n)/, '$1$1'), ['header x-ratelimit-limit', 'header order']],
  ['headers in another order', echo, (said) => said.replace(/(ratelimit: .*\r\n)(.*\r\n)/, '$2$1'), ['header order']],
  ['a header in lower case', echo, (said) => said.replace('Keep-Alive', 'keep-alive'), ['header keep-alive', 'header order']],
  ['no Date', echo, (said) => said.replace(/Date: .*\r\n/, ''), ['header date', 'header order']],
  ['another content type', echo, (said) => said.replace('application/json', 'application/jsom'), ['header content-type']],
  ['another key in the body', echo, (said) => said.replace('"structuredContent"', '"structuredcontent"'), ['body']],
  ['keys in another order', echo, (said) => said.replace(/"jsonrpc":"2.0","id":7/, '"id":7,"jsonrpc":"2.0"'), ['body']],
  ['another value', echo, (said) => said.replace('{"text":"a"}', '{"text":"b"}'), ['body']],
  ['a space in the body', echo, (said) => said.replace('"id":7', '"id":\t').replace('\t}', ' }'), ['body']],
  ['another id', echo, (said) => said.replace('"id":7', '"id":8'), ['body']],
  ['another event', ping, (said) => said.replace('event: message', 'event: massage'), ['body']],
  ['no end of the event', ping, (said) => said.replace('}\n\n', '}\n '), ['body']],
  ['a connection that ends', echo, (said) => said.replace('Connection: keep-alive', 'Connection: close'), ['end', 'header connection']],
  ['an answer too many', echo, (said) => said + said, ['count']],
  ['a connection that breaks', echo, () => '', ['end', 'count']],
])('finds %s', async (_what, draft, lie, parts) => {
  const [finding] = await found(draft, lie);
  const named = (finding?.differences ?? []).map((line) => line.slice(0, line.indexOf(':')));
  expect(named).toEqual(expect.arrayContaining([...parts]));
  // Nothing that the lie did not touch.
  expect(named.filter((part) => !parts.includes(part))).toEqual([]);
});

test('finds that there is no answer', async () => {
  const [finding] = await found(echo, () => undefined, 1_000);
  expect(finding?.differences).toContain('end: no answer');
});

test('finds nothing where nobody lies', async () => {
  const port = await liar((said) => said);
  expect(await compare(bases.map(sent), twin.port, port)).toEqual([]);
});

test('lets pass what is listed, and tells what of the list is gone', async () => {
  const findings = await found(echo, (said) => said.replace('200 OK', '202 OK'));
  const entry = { requests: /tools\/call/, parts: /^status: /, sentence: 'It must be 202.', link: 'https://example.com' };
  const [elsewhere, otherwise]: ListedDifference[] = [
    { ...entry, requests: /tools\/list/ },
    { ...entry, parts: /^body: / },
  ];
  expect(judge(findings, [entry])).toEqual({ unlisted: [], gone: [] });
  for (const listed of [elsewhere, otherwise])
    expect(judge(findings, listed ? [listed] : [])).toEqual({ unlisted: findings, gone: listed ? [listed] : [] });
});
