import type { z } from 'zod';

/**
 * A connector's only memory that outlives a call: JSON, bounded, one for each connection, shared by all replicas. In memory by
 * default, durable with `@busbar/postgres`.
 */
export interface State {
  /**
   * The value and its version. Undefined where there is none, and where it no longer fits the schema: then it is removed, so that
   * setting it if absent can succeed.
   */
  get<S extends z.ZodType>(key: string, schema: S): Promise<{ readonly value: z.output<S>; readonly version: string } | undefined>;
  /**
   * Compare and set. `version` is what `get` gave; undefined: only if absent. False: another was first, so read again.
   * `value` undefined removes the key.
   *
   * @throws {ToolError} `STATE_FULL` at the store's limit of keys or size.
   */
  set(key: string, value: unknown, version: string | undefined): Promise<boolean>;
  /** Opens the log of that name. The same name must come with the same spec. */
  log<S extends z.ZodType>(spec: LogSpec<S>): StateLog<z.output<S>>;
}

/** A bounded, ordered, deduplicated log in a {@link State}. */
export interface LogSpec<S extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly entry: S;
  /** The most entries it keeps. */
  readonly max: number;
  /** What happens at `max`: `refuse` throws STATE_FULL (an outbox), `drop-oldest` makes room (events that may age out). */
  readonly whenFull: 'refuse' | 'drop-oldest';
}

/** One entry of a log. An id that is already there changes nothing. */
export interface Entry<T> {
  readonly id: string;
  /** What `read` can filter by. */
  readonly key?: string | undefined;
  readonly value: T;
}

/** See {@link LogSpec}. Order is the order of appending. */
export interface StateLog<T> {
  /** All or nothing. `size` counts what the log holds afterwards. */
  append(entries: readonly Entry<T>[]): Promise<{ readonly size: number }>;
  /** A page after the position `after` (a `next` of an earlier page; it stays good when entries are removed). */
  read(page: {
    readonly limit: number;
    readonly after?: string | undefined;
    readonly key?: string | undefined;
  }): Promise<{ readonly entries: readonly Entry<T>[]; readonly next?: string }>;
  /** Ids that are not there are ignored. */
  remove(ids: readonly string[]): Promise<void>;
}

/** Where the states are kept. `scope` is a connection's id, or one of core's own scopes. */
export interface StateStore {
  open(scope: string): State;
}
