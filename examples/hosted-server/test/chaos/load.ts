import { systemClock } from '@busbar/core';
import { parseMessage, post } from '../mcp-requests.ts';

/** A client. It makes one call at a time under its own key, so that times match its records to its calls. */
export interface Client {
  readonly principal: string;
  readonly key: string;
}

/** One request of a client, and the outcome that the client received. */
export interface Sent {
  readonly principal: string;
  readonly tool: string;
  /** The idempotency key of a write, and its mark at the vendor. */
  readonly mark: string | undefined;
  /** Milliseconds since the epoch. No two requests of a client share one. */
  readonly sentAt: number;
  readonly endedAt: number;
  readonly end: Ended;
}

/** A success with the id of the ticket or comment, an error, or a broken connection. */
export type Ended =
  | { readonly kind: 'success'; readonly id: number | undefined; readonly ticket: number | undefined }
  | { readonly kind: 'error'; readonly code: string; readonly callId: string | undefined }
  | { readonly kind: 'broken' };

/** Clients that call without pauses. */
export interface Load {
  readonly sent: readonly Sent[];
  /** Resolves when this number of further requests has succeeded. */
  answered(count: number): Promise<void>;
  /** Resolves when each client has finished its current call. */
  stop(): Promise<void>;
}

/** Lets each client create tickets, comment on them and read them, at the replicas that `pick` returns. */
export function startLoad(clients: readonly Client[], pick: () => Promise<string>): Load {
  const run = systemClock.now().toString(36);
  const sent: Sent[] = [];
  const waiting = new Set<{ left: number; resolve(): void }>();
  let stopping = false;
  let marks = 0;

  function note(entry: Sent): Ended {
    sent.push(entry);
    if (entry.end.kind === 'success')
      for (const waiter of waiting)
        if ((waiter.left -= 1) <= 0) {
          waiting.delete(waiter);
          waiter.resolve();
        }
    return entry.end;
  }

  async function send({ principal, key }: Client, tool: string, args: object, mark?: string): Promise<Ended> {
    const url = await pick();
    const sentAt = systemClock.now();
    const _meta = mark === undefined ? {} : { 'busbar/idempotencyKey': mark };
    const message = { method: 'tools/call', params: { name: tool, arguments: args, _meta } };
    const end = await post(url, { authorization: `Bearer ${key}` }, message).then(
      ({ status, body }) => readEnd(status, body),
      () => ({ kind: 'broken' }) as const,
    );
    const endedAt = systemClock.now();
    // The next request of this client starts in another millisecond.
    while (systemClock.now() <= endedAt) await turn();
    return note({ principal, tool, mark, sentAt, endedAt, end });
  }

  /** Repeats a write under the same key if it was not answered or could not be recorded, and sometimes gives up. */
  async function write(client: Client, tool: string, args: object, mark: string): Promise<Ended> {
    for (;;) {
      const end = await send(client, tool, args, mark);
      if (end.kind === 'success' || (end.kind === 'error' && !mayRepeat(end.code)) || Math.random() < 0.1) return end;
      if (end.kind === 'error') await pause();
    }
  }

  async function work(client: Client): Promise<void> {
    while (!stopping) {
      const mark = `${run}-${(marks += 1)}`;
      const created = await write(client, 'zendesk_create_ticket', { subject: mark, body: 'First.' }, mark);
      if (created.kind === 'success' && !stopping) {
        const comment = `${mark}-comment`;
        await write(client, 'zendesk_add_comment', { ticketId: created.ticket, body: comment }, comment);
      }
      const ends = [await send(client, 'zendesk_search_tickets', { text: mark })];
      if (created.kind === 'success') ends.push(await send(client, 'zendesk_get_ticket', { ticketId: created.ticket }));
      if (ends.some((end) => end.kind === 'error' && mayRepeat(end.code))) await pause();
    }
  }

  const working = Promise.all(clients.map(work));
  return {
    sent,
    answered: (count) => new Promise((resolve) => void waiting.add({ left: count, resolve })),
    async stop() {
      stopping = true;
      await working;
    },
  };
}

const mayRepeat = (code: string) => code === 'UNAVAILABLE' || code === 'HTTP 503';

/** If an answer says to try again later, the client waits before it does. */
const pause = () => systemClock.sleep(100, new AbortController().signal);

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

function readEnd(status: number, body: string): Ended {
  const { result } = (parseMessage(body) ?? {}) as {
    result?: {
      isError?: boolean;
      structuredContent?: { id?: number; commentId?: number; ticketId?: number };
      _meta?: { 'busbar/error'?: { code: string; callId: string } };
    };
  };
  if (!result) return { kind: 'error', code: `HTTP ${status}`, callId: undefined };
  const error = result._meta?.['busbar/error'];
  if (result.isError) return { kind: 'error', code: error?.code ?? 'none', callId: error?.callId };
  const { id, commentId, ticketId } = result.structuredContent ?? {};
  return { kind: 'success', id: commentId ?? id, ticket: ticketId ?? id };
}
