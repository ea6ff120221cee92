import type { z } from 'zod';

/**
 * A connector's only storage beyond a call: bounded JSON, separate for each connection, shared by all replicas. In memory by default,
 * durable with `@busbar/postgres`.
 */
export interface State {
  /**
   * Returns the value and its version; undefined if there is none. A value that no longer fits the schema is removed and counts as absent,
   * so that setting it can succeed.
   */
  get<S extends z.ZodType>(key: string, schema: S): Promise<{ readonly value: z.output<S>; readonly version: string } | undefined>;
  /**
   * Compares and sets. `version` comes from `get`; undefined means that the key must be absent. Returns false if another writer was first;
   * then read again. An undefined `value` removes the key.
   *
   * @throws {ToolError} `STATE_FULL` at the store's limit of keys or size.
   */
  set(key: string, value: unknown, version: string | undefined): Promise<boolean>;
  /** Opens a log. Use the same spec for the same name. */
  log<S extends z.ZodType>(spec: LogSpec<S>): StateLog<z.output<S>>;
}

/** A bounded, ordered, deduplicated log in a {@link State}. */
export interface LogSpec<S extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly entry: S;
  /** The most entries it keeps. */
  readonly max: number;
  /** At `max` entries, `refuse` throws STATE_FULL (for an outbox) and `drop-oldest` makes room (for events that may expire). */
  readonly whenFull: 'refuse' | 'drop-oldest';
}

/** One entry of a log. Appending an id that is already in the log changes nothing. */
export interface Entry<T> {
  readonly id: string;
  /** `read` can filter by it. */
  readonly key?: string | undefined;
  readonly value: T;
}

/** A log, in the order in which its entries were appended. See {@link LogSpec}. */
export interface StateLog<T> {
  /** Appends all entries or none. `size` is the number of entries afterwards. */
  append(entries: readonly Entry<T>[]): Promise<{ readonly size: number }>;
  /** Reads a page after the position `after`, the `next` of an earlier page. Positions stay valid when entries are removed. */
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
