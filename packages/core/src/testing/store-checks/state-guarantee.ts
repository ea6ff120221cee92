import type { StateStore } from '../../connector/state.ts';

/** The limits that a check sets; what it leaves out is the store's own default, which must be no less than `memoryState`'s. */
export interface StateCheckLimits {
  /** Keys and logs of one scope. */
  readonly maxKeys?: number;
  /** The bytes of one value or log entry with its key: of the UTF-8 text of the key, or of an entry's id and key, and of the value's JSON. */
  readonly maxValueBytes?: number;
  /** Scopes that hold something. */
  readonly maxScopes?: number;
  /** The sum of the bytes that all values and entries take, where one scope holds all of them. */
  readonly maxBytes?: number;
}

/** Something that a state store promises, and what proves it. `other` is a second handle on the same data, as another replica has. */
export interface StateGuarantee {
  readonly name: string;
  readonly limits?: StateCheckLimits;
  prove(store: StateStore, other: StateStore): Promise<void>;
}
