import { CompiledQuery, type Kysely, type RawBuilder } from 'kysely';
import type { Tables } from './tables.ts';

/** Stands for a parameter while a statement is compiled. */
class Slot<V> {
  readonly name: keyof V;

  constructor(name: keyof V) {
    this.name = name;
  }
}

/**
 * A statement that is compiled once, when it is first run, and whose text is the same each time: to build one of this size takes longer than
 * to send it. `build` is given a placeholder for each parameter; what it computes from one, it would compute from the placeholder.
 */
export function prepared<V extends object, Row>(
  names: readonly (keyof V & string)[],
  build: (parameters: V) => RawBuilder<Row>,
): (db: Kysely<Tables>, values: V) => Promise<readonly Row[]> {
  let compiled: CompiledQuery<Row> | undefined;
  return async (db, values) => {
    compiled ??= build(Object.fromEntries(names.map((name) => [name, new Slot<V>(name)])) as V).compile(db);
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof Slot ? values[(parameter as Slot<V>).name] : parameter,
    );
    const { rows } = await db.executeQuery<Row>(CompiledQuery.raw(compiled.sql, parameters));
    return rows;
  };
}
