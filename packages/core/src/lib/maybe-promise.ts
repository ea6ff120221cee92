/** A value, or a promise of it: where it is there at once, nobody waits a turn for it. */
export type MaybePromise<T> = T | Promise<T>;

/** Goes on with the value, now or when it has come. */
export function mapMaybe<T, R>(value: MaybePromise<T>, goOn: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
