import type { z } from 'zod';

/**
 * The only storage in which a connector can keep data beyond a call. It holds a bounded amount of JSON for each connection, and all
 * replicas share it. It is in memory by default, and durable with `@busbar/postgres`.
 */
export interface State {
  /**
   * Returns the value and its version; undefined if there is none. If a value no longer fits the schema, it is removed and counts as
   * absent, so that a later `set` can succeed.
   */
  get<S extends z.ZodType>(key: string, schema: S): Promise<{ readonly value: z.output<S>; readonly version: string } | undefined>;
  /**
   * Sets a value if its version has not changed (compare-and-set). `version` comes from `get`; undefined means that the key must be absent.
   * Returns false if another writer was first. In that case, read again. An undefined `value` removes the key.
   *
   * @throws {ToolError} `STATE_FULL` if the value would exceed the store's limit on keys or size.
   */
  set(key: string, value: unknown, version: string | undefined): Promise<boolean>;
  /** Opens a log. Always use the same spec for the same name. */
  log<S extends z.ZodType>(spec: LogSpec<S>): StateLog<z.output<S>>;
}

/** Describes a bounded, ordered and deduplicated log in a {@link State}. */
export interface LogSpec<S extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly entry: S;
  /** The maximum number of entries that the log keeps. */
  readonly max: number;
  /** At `max` entries, `refuse` throws STATE_FULL (for an outbox) and `drop-oldest` makes room (for events that may expire). */
  readonly whenFull: 'refuse' | 'drop-oldest';
}

/** One entry of a log. Appending an entry whose id is already in the log changes nothing. */
export interface Entry<T> {
  readonly id: string;
  /** `read` can filter by it. */
  readonly key?: string | undefined;
  readonly value: T;
}

/** A log whose entries keep the order in which they were appended. See {@link LogSpec}. */
export interface StateLog<T> {
  /** Appends all entries or none. `size` is the number of entries in the log afterwards. */
  append(entries: readonly Entry<T>[]): Promise<{ readonly size: number }>;
  /** Reads the page after the position `after`, which is the `next` of an earlier page. Positions stay valid when entries are removed. */
  read(page: {
    readonly limit: number;
    readonly after?: string | undefined;
    readonly key?: string | undefined;
  }): Promise<{ readonly entries: readonly Entry<T>[]; readonly next?: string }>;
  /** Removes entries; ignores unknown ids. */
  remove(ids: readonly string[]): Promise<void>;
}

/** Provides the state of each scope. `scope` is a connection's id, or one of core's own scopes. */
export interface StateStore {
  open(scope: string): State;
}
