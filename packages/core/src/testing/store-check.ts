/**
 * One guarantee of a store, as data that any test runner can run. `name` states the guarantee ("loses none of 20 increments"). `run`
 * opens a fresh store, closes it, and rejects with an AssertionError if the store breaks the guarantee.
 */
export interface StoreCheck {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** A store that a check opens, with its handles. */
export interface OpenedStore<Store> {
  readonly first: Store;
  /** Another handle on the same data, as another replica would have. Absent: only one process uses the store. */
  readonly second?: Store;
  close(): Promise<void>;
}
