import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from '../start-account.ts';

interface Page {
  readonly events: { readonly id: string }[];
  readonly nextCursor?: string;
}

describe('zendesk_list_events', () => {
  let account: Account;

  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const list = (args: object = {}) => account.call<Page>('zendesk_list_events', args);
  const ids = ({ events }: Page) => events.map(({ id }) => id);
  const deliver = async (id: string, name: string, subject: string, more: object = {}) =>
    account.deliver(await account.sandbox.delivery({ id, type: `zen:event-type:${name}`, subject: `zen:${subject}`, ...more }));

  it('lists events newest first, without a request', async () => {
    await deliver('e1', 'ticket.created', 'ticket:1');
    await deliver('e2', 'ticket.status_changed', 'ticket:1', {
      time: '2026-03-01T09:30:00.123456789Z',
      detail: { id: '1', actor_id: '7' },
      event: { previous: 'OPEN', current: 'SOLVED' },
    });
    const { events } = await list();
    expect(events).toEqual([
      {
        id: 'e2',
        type: 'ticket.status_changed',
        about: 'ticket:1',
        at: '2026-03-01T09:30:00.123456789Z',
        actorId: '7',
        change: '{"previous":"OPEN","current":"SOLVED"}',
      },
      expect.objectContaining({ id: 'e1', type: 'ticket.created', change: '{}' }),
    ]);
    expect(account.sandbox.requests).toEqual([]);
  });

  it('returns an empty list if no event was delivered', async () => {
    expect(await list()).toEqual({ events: [] });
  });

  it('lists an event once if it was delivered twice', async () => {
    for (let count = 0; count < 2; count += 1) await deliver('e1', 'ticket.created', 'ticket:1');
    expect(ids(await list())).toEqual(['e1']);
  });

  it('finds events by record and by type', async () => {
    await deliver('t1', 'ticket.created', 'ticket:1');
    await deliver('t2', 'ticket.comment_added', 'ticket:1');
    await deliver('t3', 'ticket.created', 'ticket:11');
    await deliver('u1', 'user.created', 'user:1');
    await deliver('o1', 'organization.created', 'organization:1');
    expect(ids(await list({ ticketId: 1 }))).toEqual(['t2', 't1']);
    expect(ids(await list({ userId: 1 }))).toEqual(['u1']);
    expect(ids(await list({ organizationId: 1 }))).toEqual(['o1']);
    expect(ids(await list({ type: 'ticket.created' }))).toEqual(['t3', 't1']);
    expect(ids(await list({ ticketId: 1, type: 'ticket.created' }))).toEqual(['t1']);
    expect(await account.failure('zendesk_list_events', { ticketId: 1, userId: 1 })).toContain('Give only one of');
  });

  it('pages with the cursor as the only input, even when newer events arrive between pages', async () => {
    for (const id of ['e1', 'e2', 'e3', 'e4', 'e5']) await deliver(id, 'ticket.created', 'ticket:1');
    await deliver('other', 'ticket.created', 'ticket:2');
    const first = await list({ ticketId: 1, limit: 2 });
    await deliver('e6', 'ticket.created', 'ticket:1');
    const second = await list({ cursor: first.nextCursor });
    const third = await list({ cursor: second.nextCursor });
    for (const other of [{ ticketId: 2 }, { userId: 1 }, { type: 'ticket.created' }])
      expect(await account.failure('zendesk_list_events', { cursor: first.nextCursor, ...other })).toMatch(
        /^INVALID_INPUT: The cursor belongs to another list/,
      );
    expect(ids(await list({ ticketId: 1, cursor: first.nextCursor, limit: 9 }))).toEqual(['e3', 'e2', 'e1']);
    expect([ids(first), ids(second), ids(third), third.nextCursor]).toEqual([['e5', 'e4'], ['e3', 'e2'], ['e1'], undefined]);
  });

  it('keeps the newest 1,000 events, and refuses a cursor whose event is no longer kept', async () => {
    await deliver('first', 'ticket.created', 'ticket:1');
    await deliver('second', 'ticket.created', 'ticket:1');
    await deliver('third', 'ticket.created', 'ticket:1');
    const { nextCursor } = await list({ limit: 2 });
    for (let count = 0; count < 998; count += 1) await deliver(`n${count}`, 'ticket.created', 'ticket:2');
    expect(ids(await list({ ticketId: 1 }))).toEqual(['third', 'second']);
    await deliver('last', 'ticket.created', 'ticket:2');
    expect(ids(await list({ ticketId: 1 }))).toEqual(['third']);
    expect(await account.failure('zendesk_list_events', { cursor: nextCursor })).toMatch(/^INVALID_INPUT: .* no longer kept/);
  });

  it('cuts long changes', async () => {
    await deliver('e1', 'ticket.comment_added', 'ticket:1', { event: { comment: { body: 'x'.repeat(50_000) } } });
    const [event] = (await list()).events as unknown as { change: string }[];
    expect(event?.change).toMatch(/^.{2000}… \[\d+ more characters\]$/);
  });
});
