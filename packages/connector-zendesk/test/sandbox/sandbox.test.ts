import { manualClock, type ManualClock } from '@busbar/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startZendeskSandbox, type ZendeskSandbox } from '../../src/sandbox.ts';
import { sandboxClient } from './client.ts';

describe('the Zendesk sandbox', () => {
  let clock: ManualClock;
  let sandbox: ZendeskSandbox;
  let client: ReturnType<typeof sandboxClient>;

  beforeEach(async () => {
    clock = manualClock();
    sandbox = await startZendeskSandbox({ clock, requestsPerMinute: 50 });
    client = sandboxClient(sandbox);
    await client.signIn();
  });
  afterEach(() => sandbox.close());

  const basic = (token: string) => ({ authorization: `Basic ${btoa(`agent@example.com/token:${token}`)}` });

  it('keeps at most maxRequests requests', async () => {
    await using few = await startZendeskSandbox({ maxRequests: 2 }).then((made) => ({ ...made, [Symbol.asyncDispose]: made.close }));
    for (let page = 1; page <= 3; page += 1) await fetch(`${few.url}/api/v2/users/me?page=${page}`);
    expect(few.requests.map(({ query }) => query.get('page'))).toEqual(['2', '3']);
  });

  describe('signing in', () => {
    it('issues tokens only for its client', async () => {
      expect(await client.token()).toMatchObject({ status: 200, body: { token_type: 'bearer', scope: 'read write', expires_in: 600 } });
      expect(await client.token({ client_secret: 'wrong' })).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
      expect(await client.token({ grant_type: 'password' })).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } });
      expect(await client.token({ expires_in: 10 })).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    });

    it('accepts a token until it expires or is revoked', async () => {
      expect((await client.get('/api/v2/tickets/1')).status).toBe(200);
      await clock.advance(600_000);
      expect(await client.get('/api/v2/tickets/1')).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
      await client.signIn();
      expect((await client.get('/api/v2/tickets/1')).status).toBe(200);
      sandbox.expireTokens();
      expect((await client.get('/api/v2/tickets/1')).status).toBe(401);
    });

    it('limits a token to its scopes', async () => {
      await client.signIn({ scope: 'tickets:read' });
      expect((await client.get('/api/v2/tickets/1')).status).toBe(200);
      expect(await client.create({})).toMatchObject({
        status: 403,
        body: { error: 'Forbidden', description: 'You are missing the following required scopes: tickets:write' },
      });
      expect((await client.get('/api/v2/search?query=type:ticket')).status).toBe(403);
    });

    it('accepts the API token and refuses a wrong token', async () => {
      expect((await client.get('/api/v2/tickets/1', basic('api-token'))).status).toBe(200);
      expect(await client.get('/api/v2/tickets/1', basic('wrong'))).toMatchObject({
        status: 401,
        body: { error: "Couldn't authenticate you" },
      });
      expect((await client.get('/api/v2/tickets/1', { authorization: '' })).status).toBe(401);
    });

    it('answers users/me with an anonymous user for a wrong API token', async () => {
      expect((await client.get('/api/v2/users/me')).body.user).toMatchObject({
        name: 'Sam Agent',
        role: 'admin',
        email: 'agent@example.com',
      });
      expect(await client.get('/api/v2/users/me', basic('wrong'))).toMatchObject({
        status: 200,
        body: { user: { id: null, name: 'Anonymous user' } },
      });
    });
  });

  describe('tickets', () => {
    it('are stored as they were written', async () => {
      const { status, headers, body } = await client.create({
        priority: 'high',
        tags: ['B', 'a', 'b'],
        requester: { name: 'New', email: 'new@example.com' },
      });
      expect([status, headers.get('location')]).toEqual([201, 'https://sandbox.zendesk.com/api/v2/tickets/5.json']);
      expect(body.ticket).toMatchObject({
        id: 5,
        subject: 'A',
        description: 'B',
        priority: 'high',
        status: 'new',
        tags: ['a', 'b'],
        created_at: '2026-01-01T00:00:00Z',
      });
      expect(body.audit.events[0]).toMatchObject({ type: 'Comment', body: 'B', public: true });
      const read = await client.get('/api/v2/tickets/5?include=users');
      expect(read.body.ticket).toEqual(body.ticket);
      expect(read.body.users.map(({ email }) => email)).toEqual(['new@example.com', 'agent@example.com']);
    });

    it('are answered with 404 if they do not exist', async () => {
      for (const path of ['/api/v2/tickets/99', '/api/v2/tickets/99/comments', '/api/v2/users/99']) {
        expect(await client.get(path)).toMatchObject({ status: 404, body: { error: 'RecordNotFound', description: 'Not found' } });
      }
      expect(await client.get('/api/v2/elsewhere')).toMatchObject({ status: 404, body: { error: 'InvalidEndpoint' } });
    });

    it.each([
      ['no comment', { comment: undefined }, 'base'],
      ['an unknown status', { status: 'asleep' }, 'status'],
      ['an unknown priority', { priority: 'x' }, 'priority'],
      ['an unknown requester', { requester_id: 1 }, 'requester'],
      ['a new requester without a name', { requester: { email: 'x@example.com' } }, 'requester'],
      ['a suspended requester', { requester: { email: 'mallory@example.net' } }, 'requester'],
      ['an assignee who is not an agent', { assignee_email: 'ada@example.com' }, 'assignee'],
    ])('are refused with %s', async (_, fields, field) => {
      const { status, body } = await client.create(fields);
      expect([status, body.error, Object.keys(body.details)]).toEqual([422, 'RecordInvalid', [field]]);
      expect(sandbox.tickets.size).toBe(4);
    });

    it('are refused if the body has no ticket', async () => {
      expect(await client.send('POST', '/api/v2/tickets', { subject: 'A' })).toMatchObject({
        status: 400,
        body: { error: { title: 'Invalid attribute' } },
      });
      expect((await client.send('PUT', '/api/v2/tickets/1', [])).status).toBe(400);
    });

    it('are written without keys that Zendesk does not know, with a warning', async () => {
      const { status, headers } = await client.create({ colour: 'red', comment: { body: 'B', mood: 'sad' } });
      expect([status, headers.get('x-zendesk-api-warn')]).toEqual([
        201,
        '{:allowed_parameters=>{:controller=>"tickets", :action=>"create", :unpermitted_keys=>["ticket.colour", "ticket.comment.mood"], :invalid_values=>[]}}',
      ]);
      expect(sandbox.tickets.get(5)).not.toHaveProperty('colour');
    });

    it('are created once for one idempotency key, for two hours', async () => {
      const key = { 'idempotency-key': 'k1' };
      const first = await client.create({}, key);
      const second = await client.create({}, key);
      expect([first.headers.get('x-idempotency-lookup'), second.headers.get('x-idempotency-lookup')]).toEqual(['miss', 'hit']);
      expect(second.body).toEqual(first.body);
      expect(await client.create({ subject: 'Another' }, key)).toMatchObject({ status: 400, body: { error: 'IdempotentRequestError' } });
      expect((await client.create({}, { 'idempotency-key': 'x'.repeat(256) })).status).toBe(400);
      expect(sandbox.tickets.size).toBe(5);
      await clock.advance(2 * 3_600_000);
      await client.signIn();
      expect((await client.create({}, key)).headers.get('x-idempotency-lookup')).toBe('miss');
      expect(sandbox.tickets.size).toBe(6);
    });

    it('are updated, and the audit lists the changes', async () => {
      await clock.advance(5_000);
      const { body } = await client.send('PUT', '/api/v2/tickets/1', {
        ticket: { status: 'open', tags: ['x'], comment: { body: 'note', public: false } },
      });
      expect(body.ticket).toMatchObject({ status: 'open', tags: ['x'], updated_at: '2026-01-01T00:00:05Z' });
      expect(body.audit.events).toMatchObject([
        { type: 'Comment', public: false },
        { field_name: 'status', previous_value: 'solved' },
        { field_name: 'tags' },
      ]);
      expect(sandbox.comments(1)).toHaveLength(4);
    });

    it('are not overwritten by an outdated safe update', async () => {
      const stamp = sandbox.tickets.get(3)?.updated_at;
      await clock.advance(1_000);
      const change = { ticket: { status: 'hold', safe_update: true, updated_stamp: stamp } };
      expect((await client.send('PUT', '/api/v2/tickets/3', change)).status).toBe(200);
      expect(await client.send('PUT', '/api/v2/tickets/3', change)).toMatchObject({ status: 409, body: { error: 'UpdateConflict' } });
      expect((await client.send('PUT', '/api/v2/tickets/3', { ticket: { status: 'open', safe_update: true } })).status).toBe(409);
    });

    it('can no longer change once they are closed', async () => {
      await client.send('PUT', '/api/v2/tickets/3', { ticket: { status: 'closed' } });
      expect(await client.send('PUT', '/api/v2/tickets/3', { ticket: { status: 'open' } })).toMatchObject({
        status: 422,
        body: { details: { status: [{ description: 'Status: closed prevents ticket update' }] } },
      });
    });
  });

  describe('limits', () => {
    it('count the account’s requests per minute, in Zendesk’s headers', async () => {
      const first = await client.get('/api/v2/tickets/1');
      expect(
        Object.fromEntries(
          ['x-rate-limit', 'x-rate-limit-remaining', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'].map((name) => [
            name,
            first.headers.get(name),
          ]),
        ),
      ).toEqual({
        'x-rate-limit': '50',
        'x-rate-limit-remaining': '49',
        'ratelimit-limit': '50',
        'ratelimit-remaining': '49',
        'ratelimit-reset': '60',
      });
      await Promise.all(Array.from({ length: 49 }, () => client.get('/api/v2/tickets/1')));
      await clock.advance(20_000);
      const refused = await client.get('/api/v2/tickets/1');
      expect([refused.status, refused.headers.get('retry-after'), refused.body.error]).toEqual([429, '40', 'APIRateLimitExceeded']);
      await clock.advance(40_000);
      expect((await client.get('/api/v2/tickets/1')).status).toBe(200);
    });

    it('count the updates of one ticket in ten minutes', async () => {
      for (let count = 0; count < 30; count += 1)
        expect((await client.send('PUT', '/api/v2/tickets/1', { ticket: { status: 'open' } })).status).toBe(200);
      const refused = await client.send('PUT', '/api/v2/tickets/1', { ticket: { status: 'open' } });
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '600']);
      expect((await client.send('PUT', '/api/v2/tickets/2', { ticket: { status: 'open' } })).status).toBe(200);
    });
  });

  it('misbehaves on demand, in Zendesk’s words', async () => {
    sandbox.misbehave({ kind: 'status', status: 503 });
    expect(await client.get('/api/v2/tickets/1')).toMatchObject({ status: 503, body: { error: 'ServiceUnavailable' } });
    sandbox.misbehave({ kind: 'lose', match: 'POST /api/v2/tickets' });
    await expect(client.create({})).rejects.toThrow('fetch failed');
    expect(sandbox.tickets.size).toBe(5);
  });

  it('uses an adjustable clock for tokens, timestamps and signatures', async () => {
    const setTime = clock.now() + 600_000;
    sandbox.misbehave({ kind: 'skew', ms: 600_000 });
    expect((await client.get('/api/v2/tickets/1')).status).toBe(401);
    await client.signIn();
    const { headers, body } = await client.create({});
    expect([headers.get('date'), body.ticket['created_at']].map((date) => Date.parse(String(date)))).toEqual([setTime, setTime]);
    const delivery = await sandbox.delivery({ type: 'zen:event-type:ticket.created', subject: 'zen:ticket:5' });
    expect(Date.parse(delivery.headers['x-zendesk-webhook-signature-timestamp'] ?? '')).toBe(setTime);
  });
});
