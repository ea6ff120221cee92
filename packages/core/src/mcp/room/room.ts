import type { Clock } from '../../clock.ts';
import type { Principal } from '../../principal.ts';

/** What requests take up in a process at one time. */
export interface RoomBounds {
  /** Requests whose bodies are still arriving or wait for their turn. */
  readonly arriving: number;
  /** Requests that run: from the end of their body until their answer is handed to the socket. */
  readonly running: number;
  /** Bytes of bodies from their arrival to their answer, and of answers that their clients have not read yet. */
  readonly bytes: number;
}

type Kind = keyof RoomBounds;

/** The parts of a room that others leave free. */
export interface Shares {
  /** The part that one tenant may take, from 0 to 1. */
  readonly tenant: number;
  /** The part of its tenant's part that one key may take, from 0 to 1. */
  readonly key: number;
}

// Owners who hold nothing stay in their map until there are this many, because a map that grows and shrinks with each request is slow:
// docs/decisions/0012-v8-and-memory.md
const keptOwners = 1_000;

/**
 * The room that the requests of one kind may take in this process. Each request counts for its key, the key's tenant and the whole, and no
 * key and no tenant takes more than its share: docs/decisions/0027-room-belongs-to-somebody.md
 */
export class Room {
  readonly #whole: Owner;
  readonly #shares: Shares;
  readonly #clock: Clock;
  #lastTenant: string | undefined;
  #sharedAt = -Infinity;

  constructor(bounds: RoomBounds, shares: Shares, clock: Clock) {
    this.#clock = clock;
    this.#whole = new Owner(bounds, undefined);
    this.#shares = shares;
  }

  /** Whether not one more request may run. */
  get isFull(): boolean {
    return this.#whole.running >= this.#whole.bounds.running;
  }

  /** How many keys and tenants are remembered. Those that hold nothing make room for others. */
  get owners(): number {
    return this.#whole.parts;
  }

  /** Whether more than one tenant has sent requests in the last `ms` milliseconds. */
  isShared(ms: number): boolean {
    return this.#clock.elapsed() - this.#sharedAt < ms;
  }

  /** Admits a request whose body is to be read. Returns undefined if its key or tenant has as many already as it may have. */
  enter({ tenant, id }: Pick<Principal, 'tenant' | 'id'>): Guest | undefined {
    if (tenant !== this.#lastTenant) {
      if (this.#lastTenant !== undefined) this.#sharedAt = this.#clock.elapsed();
      this.#lastTenant = tenant;
    }
    const owner = this.#whole.part(tenant, this.#shares.tenant).part(id, this.#shares.key);
    return owner.take('arriving', 1) ? new Guest(owner) : undefined;
  }
}

/** Somebody who takes up room: a key, its tenant, or all together. */
class Owner {
  readonly bounds: RoomBounds;
  readonly #within: Owner | undefined;
  readonly #parts = new Map<string, Owner>();
  #sweepAt = keptOwners;
  arriving = 0;
  running = 0;
  bytes = 0;

  constructor(bounds: RoomBounds, within: Owner | undefined) {
    this.bounds = bounds;
    this.#within = within;
  }

  get parts(): number {
    let count = this.#parts.size;
    for (const part of this.#parts.values()) count += part.parts;
    return count;
  }

  /** Returns the owner of a part of this owner's room. */
  part(name: string, share: number): Owner {
    let part = this.#parts.get(name);
    if (part) return part;
    if (this.#parts.size >= this.#sweepAt) this.#sweep();
    part = new Owner(shareOf(this.bounds, share), this);
    this.#parts.set(name, part);
    return part;
  }

  /** Takes room from this owner and from everyone whose part it is. Takes none if that would exceed a bound. */
  take(kind: Kind, amount: number): boolean {
    if (this[kind] + amount > this.bounds[kind]) return false;
    if (this.#within && !this.#within.take(kind, amount)) return false;
    this[kind] += amount;
    return true;
  }

  give(kind: Kind, amount: number): void {
    this[kind] -= amount;
    this.#within?.give(kind, amount);
  }

  #sweep(): void {
    for (const [name, { arriving, running, bytes }] of this.#parts)
      if (arriving === 0 && running === 0 && bytes === 0) this.#parts.delete(name);
    // At least doubled, so that a sweep is paid for by as many new owners as it visits.
    this.#sweepAt = Math.max(keptOwners, this.#parts.size * 2);
  }
}

const shareOf = ({ arriving, running, bytes }: RoomBounds, share: number): RoomBounds => ({
  arriving: Math.ceil(arriving * share),
  running: Math.ceil(running * share),
  bytes: Math.ceil(bytes * share),
});

/** The room of one request. */
export class Guest {
  readonly #owner: Owner;
  #stage: 'arriving' | 'running' | undefined = 'arriving';
  #bytes = 0;

  /** @param owner Has counted the request as arriving. */
  constructor(owner: Owner) {
    this.#owner = owner;
  }

  /** Counts bytes that the request holds until it leaves. Returns false if they are too many. */
  hold(bytes: number): boolean {
    // A request that has left would never give them back.
    if (this.#bytes < 0 || !this.#owner.take('bytes', bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Lets a request whose body has arrived run. Returns false if too many run already. */
  run(): boolean {
    if (this.#stage !== 'arriving' || !this.#owner.take('running', 1)) return false;
    this.#owner.give('arriving', 1);
    this.#stage = 'running';
    return true;
  }

  /** Ends a request whose answer was handed to the socket. Its client has still to read `unread` bytes. Returns false if it may not. */
  answered(unread: number): boolean {
    this.#leaveStage();
    return unread === 0 || this.hold(unread);
  }

  /** Gives back all that the request holds. */
  leave(): void {
    this.#leaveStage();
    if (this.#bytes > 0) this.#owner.give('bytes', this.#bytes);
    this.#bytes = -1;
  }

  #leaveStage(): void {
    if (this.#stage) this.#owner.give(this.#stage, 1);
    this.#stage = undefined;
  }
}
