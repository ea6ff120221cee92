/**
 * One guarantee of a store, as data that any test runner can run. `name` states the guarantee ("loses none of 20 increments"). `run`
 * opens a fresh store, closes it, and rejects with an AssertionError if the store breaks the guarantee.
 */
export interface StoreCheck {
  readonly name: string;
  readonly run: () => Promise<void>;
}
