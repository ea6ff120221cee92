import { systemClock } from '../../clock.ts';
import type { ClientSignal } from '../../host.ts';
import type { Room } from './room.ts';

// A body of more bytes than this waits for its turn. A smaller body takes less time to parse than to schedule.
const heavyBytes = 4 * 1024;

// A tenant whose bodies take long leaves the event loop to the others for nine tenths of the time.
const restPerTurn = 9;
// Tenants that have sent requests within this time share the loop.
const sharedMs = 1_000;

interface Waiting {
  start(): void;
}

/**
 * Spreads the work on large bodies over the turns of the event loop. One body is parsed and begun in a turn, so that small requests are
 * read in between. Tenants take turns. While others send requests too, a tenant's bodies get at most a tenth of the time.
 */
export class HeavyTurns {
  readonly #room: Room;
  readonly #tenants = new Map<string, Waiting[]>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(room: Room) {
    this.#room = room;
  }

  /** Reads a body: a small body at once, and a large body in its tenant's next turn. Rejects if the client disconnects before. */
  read<B extends Uint8Array, T>(body: B, tenant: string, client: ClientSignal, parse: (body: B) => T): T | Promise<T> {
    return body.length > heavyBytes ? this.next(tenant, client).then(() => parse(body)) : parse(body);
  }

  /** Resolves in the tenant's next turn. Rejects, and gives up the turn, if the client disconnects before. */
  next(tenant: string, client: ClientSignal): Promise<void> {
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
    waiting.push(entry);
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
