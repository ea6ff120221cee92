import type { StateStore } from '../../connector/state.ts';

/** The limits that a check sets. Absent limits are the store's own defaults, which must not be lower than `memoryState`'s. */
export interface StateCheckLimits {
  /** The maximum number of keys and logs in one scope, together. */
  readonly maxKeys?: number;
  /** The maximum size of one value or log entry, in bytes. It counts the key, or an entry's id and key, in UTF-8, plus the value's JSON. */
  readonly maxValueBytes?: number;
  /** The maximum number of scopes that hold something. */
  readonly maxScopes?: number;
  /** The maximum size of all values and entries together, in bytes. Checks put all of them into one scope. */
  readonly maxBytes?: number;
}

/** A guarantee of state stores, and its check. `other` is a second handle on the same data, as another replica would have. */
export interface StateGuarantee {
  readonly name: string;
  readonly limits?: StateCheckLimits;
  prove(store: StateStore, other: StateStore): Promise<void>;
}
