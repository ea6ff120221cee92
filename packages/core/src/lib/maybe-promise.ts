/** A value or a promise of it. Callers use a ready value without waiting a turn of the event loop. */
export type MaybePromise<T> = T | Promise<T>;

/** Applies a function to the value, at once or when it resolves. */
export function mapMaybe<T, R>(value: MaybePromise<T>, goOn: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
