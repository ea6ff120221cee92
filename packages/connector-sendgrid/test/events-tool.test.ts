import { answerText } from '@busbar/core/testing';
import { memoryState } from '@busbar/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventLog, findEvents, readEvents } from '../src/events.ts';
import { startAccount, type Account } from './start-account.ts';

interface Page {
  readonly events: readonly { readonly email: string; readonly event: string; readonly messageId: string }[];
  readonly nextCursor?: string;
}

describe('sendgrid_track_email_events', () => {
  let account: Account;
  beforeEach(async () => {
    account = await startAccount();
    const names = ['processed', 'delivered', 'open', 'click'];
    const events = Array.from({ length: 12 }, (_, index) => ({
      sg_event_id: `e${index}`,
      sg_message_id: `m${index % 3}.recvd-x-${index}`,
      event: names[index % names.length],
      email: `p${index % 2}@example.org`,
      timestamp: 1_780_000_000 + index * 60,
    }));
    await account.deliver(await account.sandbox.deliver(events));
  });
  afterEach(() => account.close());

  const read = (args: object) => account.call<Page>('sendgrid_track_email_events', args);
  const minutes = (count: number) => new Date((1_780_000_000 + count * 60) * 1_000).toISOString();

  it.each([
    ['all', {}, 12],
    ['a message', { messageId: 'm1' }, 4],
    ['a message, by the id that its events have', { messageId: 'm1.recvd-x-9' }, 4],
    ['a recipient, in upper or lower case', { email: 'P1@example.org' }, 6],
    ['kinds of events', { events: ['open', 'click'] }, 6],
    ['a time', { since: minutes(9) }, 3],
    ['several at once', { messageId: 'm0', email: 'p0@example.org', events: ['processed'] }, 1],
    ['a key that no mail had', { sendKey: 'none' }, 0],
  ])('finds by %s', async (_, args, count) => {
    const { events, nextCursor } = await read(args);
    expect([events.length, nextCursor]).toEqual([count, undefined]);
  });

  it.each([{}, { messageId: 'm2' }, { email: 'p0@example.org', events: ['processed', 'open'] }])(
    'pages through %j by its cursor alone, each event once and in order',
    async (filter) => {
      const all = (await read(filter)).events;
      const found: unknown[] = [];
      let page = await read({ ...filter, limit: 1 });
      for (let count = 0; count < 20; count += 1) {
        expect(page.events).toHaveLength(1);
        found.push(...page.events);
        if (page.nextCursor === undefined) break;
        page = await read({ cursor: page.nextCursor });
      }
      expect(found).toEqual(all);
    },
  );

  it('takes another limit with a cursor, and refuses the cursor of another list', async () => {
    const { nextCursor } = await read({ events: ['processed', 'open'], limit: 1 });
    expect((await read({ cursor: nextCursor, events: ['processed', 'open'], limit: 200 })).nextCursor).toBeUndefined();
    for (const other of [{ messageId: 'm2' }, { events: ['open'] }, { since: '2026-01-01T00:00:00Z' }])
      expect(await account.failure('sendgrid_track_email_events', { cursor: nextCursor, ...other })).toMatch(
        /^INVALID_INPUT: The cursor belongs to another list\. Leave cursor out/,
      );
  });

  it('warns if the connection cannot receive events', async () => {
    const other = await startAccount({ config: { webhookKey: undefined } });
    expect(answerText(await other.answer('sendgrid_track_email_events', {}))).toContain('This connection has no webhookKey');
    await other.close();
  });

  it('sends nothing', async () => {
    await read({});
    expect(account.sandbox.requests).toEqual([]);
  });
});

describe('the search in the log of events', () => {
  const { signal } = new AbortController();
  const delivered = (from: number, to: number) =>
    readEvents(Array.from({ length: to - from }, (_, i) => ({ sg_event_id: `e${from + i}`, event: 'open', timestamp: from + i })));
  const fill = async (log: ReturnType<typeof open>, from: number, to: number) => {
    for (let at = from; at < to; at += 500)
      await log.append(
        delivered(at, Math.min(at + 500, to)).map((event) => ({
          id: event?.id ?? '',
          key: event?.key,
          value: eventLog.entry.parse(event?.value),
        })),
      );
  };
  const open = () => memoryState().open('c').log(eventLog);

  it('continues over the pages of the log', async () => {
    const log = open();
    await fill(log, 0, 2_500);
    const times: number[] = [];
    let after: Awaited<ReturnType<typeof findEvents>>['next'];
    do {
      const page = await findEvents(log, { since: 990_000 }, { limit: 400, after, signal });
      times.push(...page.found.map(({ timestamp }) => timestamp));
      after = page.next;
    } while (after);
    expect(times).toEqual(Array.from({ length: 1_510 }, (_, i) => 990 + i));
  });

  it('neither loses nor repeats events if the log drops the oldest between pages', async () => {
    const log = open();
    await fill(log, 0, 10_000);
    const first = await findEvents(log, {}, { limit: 3, signal });
    await fill(log, 10_000, 10_002);
    const second = await findEvents(log, {}, { limit: 3, after: first.next, signal });
    expect(second.found.map(({ timestamp }) => timestamp)).toEqual([3, 4, 5]);
    await fill(log, 10_002, 10_010);
    const third = await findEvents(log, {}, { limit: 3, after: second.next, signal });
    expect(third.found.map(({ timestamp }) => timestamp)).toEqual([10, 11, 12]);
  });

  it('finds the newest 10,000 events', async () => {
    const log = open();
    await fill(log, 0, 10_500);
    expect((await findEvents(log, {}, { limit: 1, signal })).found).toMatchObject([{ timestamp: 500 }]);
  });

  it('stops when the caller cancels', async () => {
    await expect(findEvents(open(), {}, { limit: 1, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});
