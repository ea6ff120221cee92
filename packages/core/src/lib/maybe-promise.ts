/** A value, or a promise of it: where it is there at once, nobody waits a turn for it. */
export type Soon<T> = T | Promise<T>;

/** Goes on with the value, now or when it has come. */
export function andThen<T, R>(value: Soon<T>, goOn: (value: T) => Soon<R>): Soon<R> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
