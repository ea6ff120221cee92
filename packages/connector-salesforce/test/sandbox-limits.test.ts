import { generateKeyPairSync, sign } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { manualClock } from '@busbar/core/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSalesforceSandbox, type SalesforceSandbox } from '../src/sandbox.ts';
import { vendorLimits } from '../src/sandbox/vendor-limits.ts';

interface LimitCase {
  /** A request at the limit. */
  readonly at: () => Promise<unknown>;
  /** The same request with one more, or with one less if the limit is a minimum. */
  readonly over: () => Promise<unknown>;
  /** The expected outcomes: a status and an error code, or how much the sandbox returned. */
  readonly expected: { readonly at: unknown; readonly over: unknown };
}

const base = '/services/data/v64.0';
const clock = manualClock();
let sandbox: SalesforceSandbox;
let authorization = '';
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
beforeAll(async () => {
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  sandbox = await startSalesforceSandbox({ clock, jwt: { username: 'bot@example.com', publicKey } });
  for (let index = 0; index < 2_100; index += 1) sandbox.add('Case', { Subject: String(index) });
  const fields = { grant_type: 'client_credentials', client_id: 'consumer-key', client_secret: 'consumer-secret' };
  authorization = `Bearer ${(await send('POST', '/services/oauth2/token', new URLSearchParams(fields))).body.access_token}`;
});
afterAll(() => sandbox.close());

interface Answer {
  readonly status: number;
  readonly body: any;
}

async function send(
  method: string,
  path: string,
  body?: URLSearchParams | object,
  extra: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const form = body instanceof URLSearchParams;
  const headers = { ...(!form && { authorization, 'content-type': 'application/json' }), ...extra };
  const response = await fetch(sandbox.url + path, { method, headers, ...(body && { body: form ? body : JSON.stringify(body) }) });
  return { status: response.status, body: await response.json() };
}

const refusalOf = ({ status, body }: Answer) => [status, body[0].errorCode];

/** Returns how many parts were answered, or the refusal of the whole request. */
const composite = async (url: string, count: number) => {
  const compositeRequest = Array.from({ length: count }, (_, index) => ({ method: 'GET', url, referenceId: `r${index}` }));
  const { status, body } = await send('POST', `${base}/composite`, { compositeRequest });
  const [first] = body.compositeResponse;
  return first.referenceId === null ? [status, first.httpStatusCode, first.body[0].errorCode] : body.compositeResponse.length;
};
const read = (count: number) => composite(`${base}/sobjects/Account/${sandbox.records('Account')[0]?.Id}`, count);
const query = (count: number) => composite(`${base}/query?q=SELECT+Id+FROM+Account`, count);
const create = async (count: number) => {
  const records = Array.from({ length: count }, () => ({ attributes: { type: 'Contact' }, LastName: 'A' }));
  const answer = await send('POST', `${base}/composite/sobjects`, { allOrNone: false, records });
  return answer.status === 200 ? answer.body.length : refusalOf(answer);
};
const page = async (size: number) => {
  const options = { 'sforce-query-options': `batchSize=${size}` };
  return (await send('GET', `${base}/query?q=SELECT+Id+FROM+Case`, undefined, options)).body.records.length;
};
const search = async (objects: number) => {
  const returning = Array.from({ length: objects }, () => 'Account(Id)').join(', ');
  const answer = await send('GET', `${base}/search?q=${encodeURIComponent(`FIND {nothing} IN ALL FIELDS RETURNING ${returning}`)}`);
  return answer.status === 200 ? answer.body.searchRecords : refusalOf(answer);
};
/** Sends a request whose path and headers take this many bytes. */
const head = (bytes: number) =>
  new Promise<unknown>((resolve, reject) => {
    const path = `${base}/query?q=SELECT+Id+FROM+Account`;
    const headers = { host: 'h', connection: 'close', authorization, padding: '' };
    const used = Object.entries(headers).reduce((sum, [name, value]) => sum + `${name}: ${value}\r\n`.length, path.length);
    headers.padding = 'x'.repeat(bytes - used);
    const outgoing = httpRequest(sandbox.url + path, { headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
const signIn = async (seconds: number) => {
  const claims = { iss: 'consumer-key', sub: 'bot@example.com', aud: 'https://login.salesforce.com', exp: clock.now() / 1_000 + seconds };
  const signed = [{ alg: 'RS256' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('RSA-SHA256', Buffer.from(signed), keys.privateKey).toString('base64url');
  const fields = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: `${signed}.${signature}` };
  const { status, body } = await send('POST', '/services/oauth2/token', new URLSearchParams(fields));
  return [status, body.error];
};

const cases: Readonly<Record<keyof typeof vendorLimits, LimitCase>> = {
  compositeRequests: {
    at: () => read(25),
    over: () => read(26),
    expected: { at: 25, over: [200, 400, 'LIMIT_EXCEEDED'] },
  },
  compositeQueries: {
    at: () => query(5),
    over: () => query(6),
    expected: { at: 5, over: [200, 400, 'LIMIT_EXCEEDED'] },
  },
  collectionRecords: {
    at: () => create(200),
    over: () => create(201),
    expected: { at: 200, over: [400, 'EXCEEDED_ID_LIMIT'] },
  },
  smallestBatch: {
    at: () => page(200),
    over: () => page(199),
    expected: { at: 200, over: 200 },
  },
  largestBatch: {
    at: () => page(2_000),
    over: () => page(2_001),
    expected: { at: 2_000, over: 2_000 },
  },
  searchObjects: {
    at: () => search(20),
    over: () => search(21),
    expected: { at: [], over: [400, 'MALFORMED_QUERY'] },
  },
  headBytes: {
    at: () => head(16_384),
    over: () => head(16_385),
    expected: { at: 200, over: 431 },
  },
  assertionMinutes: {
    at: () => signIn(180),
    over: () => signIn(181),
    expected: { at: [200, undefined], over: [400, 'invalid_grant'] },
  },
};

test.each(Object.keys(vendorLimits) as (keyof typeof vendorLimits)[])(
  '%s: a request at the limit succeeds, and a request one beyond it is refused or cut',
  async (name) => {
    const { at, over, expected } = cases[name];
    expect(await at()).toEqual(expected.at);
    expect(await over()).toEqual(expected.over);
  },
);

test('each limit names its page in Salesforce’s documentation', () => {
  for (const { source } of Object.values(vendorLimits)) expect(source).toMatch(/^https:\/\/(?:developer|help)\.salesforce\.com\/.+/);
});
