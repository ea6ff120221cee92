import { systemClock } from '../../clock.ts';
import type { ClientSignal } from '../../host.ts';
import type { Room } from './room.ts';

// A body of more bytes than this waits for its turn. A smaller body takes less time to parse than to schedule.
const heavyBytes = 4 * 1024;
// A body of more bytes than this is parsed in a later turn than it is decoded.
const splitBytes = 256 * 1024;

// A tenant whose bodies take long leaves the event loop to the others for nineteen twentieths of the time. A body costs about as much again
// outside of its turn: its chunks arrive, its garbage is collected, and its call is answered.
const restPerTurn = 19;
// Tenants that have sent requests within this time share the loop.
const sharedMs = 1_000;

/** The two steps in which a body of `size` bytes is read. They take about as long as each other. */
export interface Steps<B, S, T> {
  decode(body: B): S;
  parse(decoded: S): T;
}

interface Waiting {
  start(): void;
}

/**
 * Spreads the work on large bodies over the turns of the event loop. One body is parsed and begun in a turn, so that small requests are
 * read in between. Tenants take turns. While others send requests too, a tenant's bodies get at most a twentieth of the time.
 */
export class HeavyTurns {
  readonly #room: Room;
  readonly #tenants = new Map<string, Waiting[]>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(room: Room) {
    this.#room = room;
  }

  /**
   * Decodes and parses a body: a small body at once, and a large body in its tenant's next turns, each step in a turn of its own. Rejects
   * if the client disconnects before.
   */
  read<B extends { readonly size: number }, S, T>(
    body: B,
    tenant: string,
    client: ClientSignal,
    { decode, parse }: Steps<B, S, T>,
  ): T | Promise<T> {
    if (body.size <= heavyBytes) return parse(decode(body));
    return this.next(tenant, client).then(() => {
      const decoded = decode(body);
      return body.size <= splitBytes ? parse(decoded) : this.next(tenant, client, 'first').then(() => parse(decoded));
    });
  }

  /** Resolves in the tenant's next turn. Rejects, and gives up the turn, if the client disconnects before. */
  next(tenant: string, client: ClientSignal, place: 'first' | 'last' = 'last'): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = this.#tenants.get(tenant) ?? [];
    const onDisconnect = () => {
      const index = waiting.indexOf(entry);
      if (index >= 0) waiting.splice(index, 1);
      reject(new Error('The client disconnected before its request was parsed.'));
    };
    const entry: Waiting = {
      start: () => {
        client.removeEventListener('abort', onDisconnect);
        resolve();
      },
    };
    client.addEventListener('abort', onDisconnect);
    if (place === 'first') waiting.unshift(entry);
    else waiting.push(entry);
    if (!this.#tenants.has(tenant)) {
      this.#tenants.set(tenant, waiting);
      void this.#serve(tenant, waiting);
    }
    return promise;
  }

  async #serve(tenant: string, waiting: Waiting[]): Promise<void> {
    while (waiting.length > 0) {
      const turn = this.#last.then(() => takeTurn(waiting));
      this.#last = turn;
      const ms = await turn;
      if (ms > 0 && this.#room.isShared(sharedMs)) await rest(ms * restPerTurn);
    }
    this.#tenants.delete(tenant);
  }
}

/**
 * Starts the first that waits, and resolves with the milliseconds that it took until it waited for something else. Two callbacks that are
 * set together run one directly after the other, with all microtasks of the first in between.
 */
function takeTurn(waiting: Waiting[]): Promise<number> {
  return new Promise((resolve) => {
    let startedAt = 0;
    setImmediate(() => {
      startedAt = systemClock.elapsed();
      waiting.shift()?.start();
    });
    setImmediate(() => resolve(systemClock.elapsed() - startedAt));
  });
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => void systemClock.timer(ms, resolve));
