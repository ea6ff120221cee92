/** A value or a promise of it. Callers use a ready value at once, without waiting for a promise to resolve. */
export type MaybePromise<T> = T | Promise<T>;

/** Applies a function to a value: at once if the value is ready, otherwise when its promise resolves. */
export function mapMaybe<T, R>(value: MaybePromise<T>, map: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(map) : map(value);
}
