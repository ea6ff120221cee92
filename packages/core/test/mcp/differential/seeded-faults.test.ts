import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { compare } from './both-lanes.ts';
import { judge, type ListedDifference } from './differences.ts';
import { toWire, type HttpRequest } from './http-request.ts';
import { serveReference, type ReferenceServer } from './reference-server.ts';
import { bases, call, legacy, modernVersion } from './requests.ts';

// Both sides are one server, so that only the changes of a proxy before one of them differ.
let server: ReferenceServer;
beforeAll(async () => {
  server = await serveReference('sdk');
  // The first answer takes longest, and one test waits for an answer that never comes.
  await compare([toWire(echo)], server.port, server.port);
});
afterAll(() => server.close());

/** Changes a server's response. Undefined sends nothing. Empty text closes the connection. */
type Fault = (response: string) => string | undefined;

/** Starts a proxy to the server that applies a fault to each response until the test ends. Returns its port. */
async function startFaultyProxy(fault: Fault): Promise<number> {
  const proxy = createServer((client) => {
    const upstream = connect(server.port, '127.0.0.1');
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      const changed = fault(bytes.toString('latin1'));
      if (changed !== undefined) client.write(changed, 'latin1');
      if (changed === '' || changed?.includes('Connection: close')) client.end();
    });
    for (const socket of [client, upstream])
      socket
        .on('error', () => {})
        .on('close', () => {
          client.destroy();
          upstream.destroy();
        });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => void proxy.close());
  return (proxy.address() as AddressInfo).port;
}

const echo = call(modernVersion, 'reference_echo_text', { text: 'a' });
const ping = legacy('2025-11-25', 'ping');

const findingsOf = async (request: HttpRequest, fault: Fault, hungMs?: number) =>
  await compare([toWire(request)], server.port, await startFaultyProxy(fault), hungMs);

test.each<[string, HttpRequest, Fault, readonly string[]]>([
  ['another status', echo, (response) => response.replace('200 OK', '202 OK'), ['status']],
  ['another reason', echo, (response) => response.replace('200 OK', '200 Ok'), ['status']],
  ['another header', echo, (response) => response.replace('remaining: 41', 'remaining: 42'), ['header x-ratelimit-remaining']],
  ['a missing header', echo, (response) => response.replace(/x-ratelimit-limit.*\r\n/, ''), ['header x-ratelimit-limit', 'header order']],
  ['an extra header', echo, (response) => response.replace('\r\n', '\r\nx-lane: fast\r\n'), ['header x-lane', 'header order']],
  [
    'a header twice',
    echo,
    (response) => response.replace(/(x-ratelimit-limit.*\r\n)/, '$1$1'),
    ['header x-ratelimit-limit', 'header order'],
  ],
  ['headers in another order', echo, (response) => response.replace(/(ratelimit: .*\r\n)(.*\r\n)/, '$2$1'), ['header order']],
  ['a header in lower case', echo, (response) => response.replace('Keep-Alive', 'keep-alive'), ['header keep-alive', 'header order']],
  ['no Date', echo, (response) => response.replace(/Date: .*\r\n/, ''), ['header date', 'header order']],
  ['another content type', echo, (response) => response.replace('application/json', 'application/jsom'), ['header content-type']],
  ['another key in the body', echo, (response) => response.replace('"structuredContent"', '"structuredcontent"'), ['body']],
  ['keys in another order', echo, (response) => response.replace(/"jsonrpc":"2.0","id":7/, '"id":7,"jsonrpc":"2.0"'), ['body']],
  ['another value', echo, (response) => response.replace('{"text":"a"}', '{"text":"b"}'), ['body']],
  ['a space in the body', echo, (response) => response.replace('"id":7', '"id":\t').replace('\t}', ' }'), ['body']],
  ['another id', echo, (response) => response.replace('"id":7', '"id":8'), ['body']],
  ['another event', ping, (response) => response.replace('event: message', 'event: massage'), ['body']],
  ['an event without its end', ping, (response) => response.replace('}\n\n', '}\n '), ['body']],
  [
    'a connection that closes',
    echo,
    (response) => response.replace('Connection: keep-alive', 'Connection: close'),
    ['connection', 'header connection'],
  ],
  ['an extra answer', echo, (response) => response + response, ['count']],
  ['a connection that breaks', echo, () => '', ['connection', 'count']],
])('the comparison finds %s', async (_what, request, fault, parts) => {
  const [finding] = await findingsOf(request, fault);
  const named = (finding?.differences ?? []).map((line) => line.slice(0, line.indexOf(':')));
  expect(named).toEqual(expect.arrayContaining([...parts]));
  // It finds nothing that the fault did not change.
  expect(named.filter((part) => !parts.includes(part))).toEqual([]);
});

test('the comparison finds a missing answer', async () => {
  const [finding] = await findingsOf(echo, () => undefined, 1_000);
  expect(finding?.differences).toContain('connection: no answer');
});

test('the comparison finds nothing without a fault', async () => {
  const port = await startFaultyProxy((response) => response);
  expect(await compare(bases.map(toWire), server.port, port)).toEqual([]);
});

test('a listed difference passes, and a listed difference that no finding shows is reported', async () => {
  const findings = await findingsOf(echo, (response) => response.replace('200 OK', '202 OK'));
  const entry = { requests: /tools\/call/, parts: /^status: /, sentence: 'It must be 202.', link: 'https://example.com' };
  const [elsewhere, otherwise]: ListedDifference[] = [
    { ...entry, requests: /tools\/list/ },
    { ...entry, parts: /^body: / },
  ];
  expect(judge(findings, [entry])).toEqual({ unlisted: [], gone: [] });
  for (const listed of [elsewhere, otherwise])
    expect(judge(findings, listed ? [listed] : [])).toEqual({ unlisted: findings, gone: listed ? [listed] : [] });
});
