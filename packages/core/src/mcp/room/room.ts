import type { Clock } from '../../clock.ts';
import type { Principal } from '../../principal.ts';

/** What requests take up in a process at one time. */
export interface RoomBounds {
  /** Requests whose bodies are still arriving or wait for their turn. */
  readonly arriving: number;
  /** Requests that run: from the end of their body until their answer is handed to the socket. */
  readonly running: number;
  /** Bytes of bodies, from their arrival to the answer. */
  readonly bytes: number;
  /** Bytes of answers that their clients have not read yet. */
  readonly unread: number;
}

type Kind = keyof RoomBounds;

/** The part of a room that one of many may take while all others take nothing, from 0 to 1. */
export interface Shares {
  readonly tenant: number;
  /** Of its tenant's part. */
  readonly key: number;
}

/** An answer that its client has not read yet. A `ServerResponse` is one. */
export interface Unread {
  readonly writableLength: number;
  destroy(): unknown;
}

// Owners who hold nothing stay in their map until there are this many, because a map that grows and shrinks with each request is slow:
// docs/decisions/0012-v8-and-memory.md
const keptOwners = 1_000;
// How long a client may take to read an answer: a time for all, and a time for its length.
const readMs = 30_000;
const readBytesPerMs = 16;

/**
 * The room that the requests of one kind may take in this process. Each request counts for its key, the key's tenant and the whole. No
 * tenant can take all of it, and neither can several of them together: docs/decisions/0027-room-belongs-to-somebody.md
 */
export class Room {
  readonly #whole: Owner;
  readonly #shares: Shares;
  readonly #clock: Clock;
  #lastTenant: string | undefined;
  #sharedAt = -Infinity;

  constructor(bounds: RoomBounds, shares: Shares, clock: Clock) {
    this.#whole = new Owner(bounds, undefined, 1);
    this.#shares = shares;
    this.#clock = clock;
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
    return owner.take('arriving', 1) ? new Guest(owner, this.#clock) : undefined;
  }
}

/** Somebody who takes up room: a key, its tenant, or all together. */
class Owner {
  /** Of the whole, or what this owner may have while others have nothing. */
  readonly bounds: RoomBounds;
  /** Whose answers are unread, the oldest first. */
  readonly unreadBy = new Set<Guest>();
  readonly #within: Owner | undefined;
  /** How many times as much this owner may have as it leaves free. */
  readonly #factor: number;
  readonly #parts = new Map<string, Owner>();
  #sweepAt = keptOwners;
  arriving = 0;
  running = 0;
  bytes = 0;
  unread = 0;

  constructor(bounds: RoomBounds, within: Owner | undefined, share: number) {
    this.bounds = bounds;
    this.#within = within;
    this.#factor = share / (1 - share);
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
    part = new Owner(shareOf(this.bounds, share), this, share);
    this.#parts.set(name, part);
    return part;
  }

  /**
   * Takes room from this owner and from everyone whose part it is, or takes none. An owner may take no more than a multiple of what it
   * leaves free. With a share of a half, a single owner gets a half, two get a third each, and something is always left for the next.
   */
  take(kind: Kind, amount: number): boolean {
    const within = this.#within;
    if (!within) {
      if (this[kind] + amount > this.bounds[kind]) return false;
    } else {
      if (this[kind] + amount > this.#factor * (within.bounds[kind] - within[kind])) return false;
      if (!within.take(kind, amount)) return false;
    }
    this[kind] += amount;
    return true;
  }

  give(kind: Kind, amount: number): void {
    this[kind] -= amount;
    this.#within?.give(kind, amount);
  }

  #sweep(): void {
    for (const [name, { arriving, running, bytes, unread }] of this.#parts)
      if (arriving === 0 && running === 0 && bytes === 0 && unread === 0) this.#parts.delete(name);
    // At least doubled, so that a sweep is paid for by as many new owners as it visits.
    this.#sweepAt = Math.max(keptOwners, this.#parts.size * 2);
  }
}

const shareOf = ({ arriving, running, bytes, unread }: RoomBounds, share: number): RoomBounds => ({
  arriving: Math.ceil(arriving * share),
  running: Math.ceil(running * share),
  bytes: Math.ceil(bytes * share),
  unread: Math.ceil(unread * share),
});

/** The room of one request. */
export class Guest {
  readonly #owner: Owner;
  readonly #clock: Clock;
  #stage: 'arriving' | 'running' | 'unread' | undefined = 'arriving';
  #bytes = 0;
  #unread = 0;
  #answer: Unread | undefined;
  #cancelTimer: (() => void) | undefined;

  /** @param owner Has counted the request as arriving. */
  constructor(owner: Owner, clock: Clock) {
    this.#owner = owner;
    this.#clock = clock;
  }

  /** Counts bytes of the request's body. Returns false if they are too many. */
  hold(bytes: number): boolean {
    if (this.#stage !== 'arriving' || !this.#owner.take('bytes', bytes)) return false;
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

  /**
   * Ends a request whose answer was handed to the socket. The part that its client has not read yet counts until {@link leave}. It is
   * destroyed after a time that is enough for any client that reads. If a key has too much of it, its oldest answers are destroyed.
   */
  answered(answer: Unread): void {
    const unread = answer.writableLength;
    if (!this.#stage || unread === 0) return this.leave();
    const owner = this.#owner;
    this.leave();
    this.#answer = answer;
    while (!owner.take('unread', unread)) {
      const [oldest] = owner.unreadBy;
      if (!oldest) return void answer.destroy();
      oldest.#cut();
    }
    this.#stage = 'unread';
    this.#unread = unread;
    owner.unreadBy.add(this);
    this.#cancelTimer = this.#clock.timer(readMs + unread / readBytesPerMs, () => this.#cut());
  }

  /** Gives back all that the request holds. */
  leave(): void {
    const owner = this.#owner;
    if (this.#stage === 'unread') {
      owner.give('unread', this.#unread);
      owner.unreadBy.delete(this);
      this.#cancelTimer?.();
    } else if (this.#stage) owner.give(this.#stage, 1);
    if (this.#bytes > 0) owner.give('bytes', this.#bytes);
    this.#bytes = 0;
    this.#stage = undefined;
  }

  #cut(): void {
    this.leave();
    this.#answer?.destroy();
  }
}
