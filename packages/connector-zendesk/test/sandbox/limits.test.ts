import { manualClock } from '@busbar/core/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startZendeskSandbox, type ZendeskSandbox } from '../../src/sandbox.ts';
import { limits } from '../../src/sandbox/limits.ts';

/** An answer: its status, and the part that the test checks. */
type Outcome = readonly [status: number, detail: unknown];

interface LimitCase {
  /** Sends a request at the limit. */
  readonly at: () => Promise<Outcome>;
  /** Sends a request beyond the limit. Runs after `at`, so that its counts still apply. */
  readonly over: () => Promise<Outcome>;
  /** Zendesk's answer to the request beyond the limit. */
  readonly expected: { readonly at: Outcome; readonly over: Outcome };
}

const clock = manualClock();
let sandbox: ZendeskSandbox;
beforeAll(async () => {
  sandbox = await startZendeskSandbox({ clock });
});
afterAll(() => sandbox.close());
// Ends every rate limit window, so that no case uses up the limits of another.
beforeEach(() => clock.advance(600_000));

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

async function send(method: string, path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const authorization = `Basic ${btoa('agent@example.com/token:api-token')}`;
  const response = await fetch(sandbox.url + path, {
    method,
    headers: { authorization, 'content-type': 'application/json', ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

const get = (path: string) => send('GET', `/api/v2${path}`);
const addComment = (body: string, ticket = 4) => send('PUT', `/api/v2/tickets/${ticket}`, { ticket: { comment: { body } } });
const errorOf = async (answer: Promise<Answer>): Promise<Outcome> => {
  const { status, body } = await answer;
  return [status, body.error ?? body.errors?.[0].code];
};
/** Sends a request `count` times and returns the last answer. All earlier requests must succeed. */
const last = async (count: number, sendOne: (index: number) => Promise<Answer>): Promise<Outcome> => {
  for (let index = 0; index < count - 1; index += 1) expect((await sendOne(index)).status).toBe(200);
  return errorOf(sendOne(count - 1));
};
const accepted: Outcome = [200, undefined];
const limited: Outcome = [429, 'APIRateLimitExceeded'];
const invalid = (message: string): Outcome => [400, { title: 'Invalid attribute', message }];

const createWith = async (key: string): Promise<Outcome> => {
  const { status, headers, body } = await send(
    'POST',
    '/api/v2/tickets',
    { ticket: { comment: { body: 'B' } } },
    { 'idempotency-key': key },
  );
  return [status, headers.get('x-idempotency-lookup') ?? body.error];
};
const tokenFor = async (expires_in: number): Promise<Outcome> => {
  const fields = { grant_type: 'client_credentials', client_id: 'client', client_secret: 'client-secret', expires_in };
  return errorOf(send('POST', '/oauth/tokens', fields));
};

const cases: Readonly<Record<keyof typeof limits, LimitCase>> = {
  requestsPerMinute: {
    at: () => last(700, () => get('/users/me')),
    over: () => errorOf(get('/users/me')),
    expected: { at: accepted, over: limited },
  },
  ticketUpdatesInTenMinutes: {
    at: () => last(30, (index) => addComment(`comment ${index}`)),
    over: () => errorOf(addComment('one more')),
    expected: { at: accepted, over: limited },
  },
  ticketUpdatesPerMinute: {
    // 25 updates of each of the four tickets, so that no ticket reaches its own limit. A change of tags counts too.
    at: () => last(100, (index) => send('PUT', `/api/v2/tickets/${(index % 4) + 1}/tags`, { tags: [`t${index}`] })),
    over: () => errorOf(addComment('one more')),
    expected: { at: accepted, over: limited },
  },
  userUpdatesPerMinute: {
    at: () =>
      last(5, (index) => send('POST', '/api/v2/users/create_or_update', { user: { email: 'ada@example.com', name: `Ada ${index}` } })),
    over: () => errorOf(send('POST', '/api/v2/users/create_or_update', { user: { email: 'ada@example.com', name: 'Ada' } })),
    expected: { at: accepted, over: limited },
  },
  exportsPerMinute: {
    at: () => last(100, () => get('/search/export?query=x&filter[type]=ticket')),
    over: () => errorOf(get('/search/export?query=x&filter[type]=ticket')),
    expected: { at: accepted, over: limited },
  },
  cursorPage: {
    at: () => errorOf(get('/tickets/1/comments?page[size]=100')),
    over: () => errorOf(get('/tickets/1/comments?page[size]=101')),
    expected: { at: accepted, over: invalid('page[size] must be between 1 and 100') },
  },
  offsetPage: {
    at: async () => [(await addComments(101)).length, (await get('/tickets/1/comments?per_page=100')).body.comments.length],
    over: async () => [101, (await get('/tickets/1/comments?per_page=101')).body.comments.length],
    expected: { at: [101, 100], over: [101, 100] },
  },
  offsetRecords: {
    at: () => errorOf(get('/tickets/1/comments?per_page=100&page=100')),
    // 73 × 137 is 10,001: exactly one record beyond the limit.
    over: () => errorOf(get('/tickets/1/comments?per_page=73&page=137')),
    expected: { at: accepted, over: [400, 'InvalidPaginationDepth'] },
  },
  searchResults: {
    at: () => errorOf(get('/search?query=x&per_page=100&page=10')),
    // 77 × 13 is 1,001: exactly one result beyond the limit.
    over: () => errorOf(get('/search?query=x&per_page=77&page=13')),
    expected: { at: accepted, over: [422, 'invalid'] },
  },
  exportPage: {
    at: () => errorOf(get('/search/export?query=x&filter[type]=ticket&page[size]=1000')),
    over: () => errorOf(get('/search/export?query=x&filter[type]=ticket&page[size]=1001')),
    expected: { at: accepted, over: invalid('page[size] must be between 1 and 1000') },
  },
  idempotencyKey: {
    at: () => createWith('k'.repeat(255)),
    over: () => createWith('k'.repeat(256)),
    expected: { at: [201, 'miss'], over: invalid('Idempotency-Key is longer than 255 characters') },
  },
  idempotencyHours: {
    at: async () => {
      await createWith('the same');
      await clock.advance(2 * 3_600_000 - 1);
      return createWith('the same');
    },
    over: async () => {
      await clock.advance(1);
      return createWith('the same');
    },
    expected: { at: [201, 'hit'], over: [201, 'miss'] },
  },
  shortestToken: {
    at: () => tokenFor(300),
    over: () => tokenFor(299),
    expected: { at: accepted, over: [400, 'invalid_request'] },
  },
  longestToken: {
    at: () => tokenFor(172_800),
    over: () => tokenFor(172_801),
    expected: { at: accepted, over: [400, 'invalid_request'] },
  },
};

/** Adds comments to ticket 1 until it has `count`, and returns them. */
async function addComments(count: number) {
  while (sandbox.comments(1).length < count) {
    if ((await addComment('another', 1)).status === 429) await clock.advance(600_000);
  }
  return sandbox.comments(1);
}

test.each(Object.keys(limits) as (keyof typeof limits)[])(
  '%s: the sandbox accepts a request at the limit and refuses a request beyond it',
  async (name) => {
    const { at, over, expected } = cases[name];
    expect(await at()).toEqual(expected.at);
    expect(await over()).toEqual(expected.over);
  },
);

test('each limit names its page of Zendesk’s documentation', () => {
  for (const { source } of Object.values(limits)) expect(source).toMatch(/^https:\/\/developer\.zendesk\.com\/api-reference\/.+/);
});
