import { CompiledQuery, type Kysely, type RawBuilder } from 'kysely';
import type { Tables } from './tables.ts';

/** A placeholder for a parameter while a statement is compiled. */
class Placeholder<V> {
  readonly name: keyof V;

  constructor(name: keyof V) {
    this.name = name;
  }
}

/**
 * A statement that is compiled on its first run and keeps the same text, because building a large statement takes longer than sending it.
 * `build` gets a placeholder for each parameter, so it must pass parameters on unchanged and compute nothing from them.
 */
export function prepared<V extends object, Row>(
  names: readonly (keyof V & string)[],
  build: (parameters: V) => RawBuilder<Row>,
): (db: Kysely<Tables>, values: V) => Promise<readonly Row[]> {
  let compiled: CompiledQuery<Row> | undefined;
  return async (db, values) => {
    compiled ??= build(Object.fromEntries(names.map((name) => [name, new Placeholder<V>(name)])) as V).compile(db);
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof Placeholder ? values[(parameter as Placeholder<V>).name] : parameter,
    );
    const { rows } = await db.executeQuery<Row>(CompiledQuery.raw(compiled.sql, parameters));
    return rows;
  };
}
