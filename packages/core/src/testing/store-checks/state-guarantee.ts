import type { StateStore } from '../../connector/state.ts';

/** The limits that a check sets. Absent limits are the store's own defaults, which must not be lower than `memoryState`'s. */
export interface StateCheckLimits {
  /** The most keys and logs of one scope, together. */
  readonly maxKeys?: number;
  /** The most bytes of one value or log entry: of the key, or an entry's id and key, in UTF-8, plus the value's JSON. */
  readonly maxValueBytes?: number;
  /** The most scopes that hold something. */
  readonly maxScopes?: number;
  /** The most bytes of all values and entries together. Checks put all of them into one scope. */
  readonly maxBytes?: number;
}

/** A guarantee of state stores, and its proof. `other` is a second handle on the same data, as another replica has. */
export interface StateGuarantee {
  readonly name: string;
  readonly limits?: StateCheckLimits;
  prove(store: StateStore, other: StateStore): Promise<void>;
}
