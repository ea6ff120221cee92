import { manualClock } from '@busbar/core/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startZendeskSandbox, type ZendeskSandbox } from '../src/sandbox.ts';
import { limits } from '../src/sandbox/limits.ts';

/** What was answered: the status, and what tells a right answer from another. */
type Seen = readonly [status: number, said: unknown];

interface LimitCase {
  /** At the limit. */
  readonly at: () => Promise<Seen>;
  /** One beyond it. Runs next, so that what was counted still counts. */
  readonly over: () => Promise<Seen>;
  /** What Zendesk says to that. */
  readonly expected: { readonly at: Seen; readonly over: Seen };
}

const clock = manualClock();
let sandbox: ZendeskSandbox;
beforeAll(async () => {
  sandbox = await startZendeskSandbox({ clock });
});
afterAll(() => sandbox.close());
// No case is counted against the next one's limits.
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
const say = (body: string, ticket = 4) => send('PUT', `/api/v2/tickets/${ticket}`, { ticket: { comment: { body } } });
const errorOf = async (answer: Promise<Answer>): Promise<Seen> => {
  const { status, body } = await answer;
  return [status, body.error ?? body.errors?.[0].code];
};
/** The last of so many answers. The first ones have to be right. */
const last = async (count: number, ask: (index: number) => Promise<Answer>): Promise<Seen> => {
  for (let index = 0; index < count - 1; index += 1) expect((await ask(index)).status).toBe(200);
  return errorOf(ask(count - 1));
};
const taken: Seen = [200, undefined];
const limited: Seen = [429, 'APIRateLimitExceeded'];
const invalid = (message: string): Seen => [400, { title: 'Invalid attribute', message }];

const createWith = async (key: string): Promise<Seen> => {
  const { status, headers, body } = await send(
    'POST',
    '/api/v2/tickets',
    { ticket: { comment: { body: 'B' } } },
    { 'idempotency-key': key },
  );
  return [status, headers.get('x-idempotency-lookup') ?? body.error];
};
const tokenFor = async (expires_in: number): Promise<Seen> => {
  const asked = { grant_type: 'client_credentials', client_id: 'client', client_secret: 'client-secret', expires_in };
  return errorOf(send('POST', '/oauth/tokens', asked));
};

const cases: Readonly<Record<keyof typeof limits, LimitCase>> = {
  requestsPerMinute: {
    at: () => last(700, () => get('/users/me')),
    over: () => errorOf(get('/users/me')),
    expected: { at: taken, over: limited },
  },
  ticketUpdatesInTenMinutes: {
    at: () => last(30, (index) => say(`comment ${index}`)),
    over: () => errorOf(say('one more')),
    expected: { at: taken, over: limited },
  },
  ticketUpdatesPerMinute: {
    // 25 of each of the four tickets: no ticket reaches its own limit. A tag counts too.
    at: () => last(100, (index) => send('PUT', `/api/v2/tickets/${(index % 4) + 1}/tags`, { tags: [`t${index}`] })),
    over: () => errorOf(say('one more')),
    expected: { at: taken, over: limited },
  },
  userUpdatesPerMinute: {
    at: () =>
      last(5, (index) => send('POST', '/api/v2/users/create_or_update', { user: { email: 'ada@example.com', name: `Ada ${index}` } })),
    over: () => errorOf(send('POST', '/api/v2/users/create_or_update', { user: { email: 'ada@example.com', name: 'Ada' } })),
    expected: { at: taken, over: limited },
  },
  exportsPerMinute: {
    at: () => last(100, () => get('/search/export?query=x&filter[type]=ticket')),
    over: () => errorOf(get('/search/export?query=x&filter[type]=ticket')),
    expected: { at: taken, over: limited },
  },
  cursorPage: {
    at: () => errorOf(get('/tickets/1/comments?page[size]=100')),
    over: () => errorOf(get('/tickets/1/comments?page[size]=101')),
    expected: { at: taken, over: invalid('page[size] must be between 1 and 100') },
  },
  offsetPage: {
    at: async () => [(await addComments(101)).length, (await get('/tickets/1/comments?per_page=100')).body.comments.length],
    over: async () => [101, (await get('/tickets/1/comments?per_page=101')).body.comments.length],
    expected: { at: [101, 100], over: [101, 100] },
  },
  offsetRecords: {
    at: () => errorOf(get('/tickets/1/comments?per_page=100&page=100')),
    // 10,001 records, in the only way to ask for just so many.
    over: () => errorOf(get('/tickets/1/comments?per_page=73&page=137')),
    expected: { at: taken, over: [400, 'InvalidPaginationDepth'] },
  },
  searchResults: {
    at: () => errorOf(get('/search?query=x&per_page=100&page=10')),
    // 1,001 results.
    over: () => errorOf(get('/search?query=x&per_page=77&page=13')),
    expected: { at: taken, over: [422, 'invalid'] },
  },
  exportPage: {
    at: () => errorOf(get('/search/export?query=x&filter[type]=ticket&page[size]=1000')),
    over: () => errorOf(get('/search/export?query=x&filter[type]=ticket&page[size]=1001')),
    expected: { at: taken, over: invalid('page[size] must be between 1 and 1000') },
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
    expected: { at: taken, over: [400, 'invalid_request'] },
  },
  longestToken: {
    at: () => tokenFor(172_800),
    over: () => tokenFor(172_801),
    expected: { at: taken, over: [400, 'invalid_request'] },
  },
};

/** Brings ticket 1 to so many comments, and gives them. */
async function addComments(count: number) {
  while (sandbox.comments(1).length < count) {
    if ((await say('another', 1)).status === 429) await clock.advance(600_000);
  }
  return sandbox.comments(1);
}

test.each(Object.keys(limits) as (keyof typeof limits)[])(
  '%s: what is at the limit is taken, what is one beyond it is refused',
  async (name) => {
    const { at, over, expected } = cases[name];
    expect(await at()).toEqual(expected.at);
    expect(await over()).toEqual(expected.over);
  },
);

test('each limit names the page of Zendesk’s that it is from', () => {
  for (const { source } of Object.values(limits)) expect(source).toMatch(/^https:\/\/developer\.zendesk\.com\/api-reference\/.+/);
});
