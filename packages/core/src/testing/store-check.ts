/**
 * One promise of a store, as data: any runner can run it. `name` states the promise ("lets exactly one of 20 writers win"); `run` opens a
 * fresh store of its own, closes it, and rejects with an AssertionError where the store breaks the promise.
 */
export interface StoreCheck {
  readonly name: string;
  readonly run: () => Promise<void>;
}
