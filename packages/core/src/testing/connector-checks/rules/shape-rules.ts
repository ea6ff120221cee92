import { isSchema, type RawSchema } from '../../../catalog/describe-schema.ts';
import { portableSchema } from '../../../catalog/portable-schema.ts';
import { checkConnector } from '../../../catalog/registration.ts';
import { strictSchema } from '../../../catalog/strict-schema.ts';
import type { Rule } from '../rule.ts';

/** Words with which a description says what happens without an optional input. */
const saysWithout =
  /\babsent\b|\bdefaults?\b|\bwithout\b|\bomit|\bleave\b|\bunless\b|\bif not\b|\bby itself\b|\botherwise\b|\bnext page\b/i;

/** All other rules depend on this rule, because they open hosts. */
export const acceptedByHost: Rule = {
  name: 'is accepted by a host',
  why: 'A host with an invalid connector does not start. This checks the contract version, ids, names, limits, toolsets and the model vendors’ rules for schemas.',
  find: async ({ connector }) => {
    try {
      checkConnector(connector);
      return [];
    } catch (error) {
      return (error instanceof Error ? error.message : String(error)).split('\n- ').slice(1);
    }
  },
};

/** The parts of a connector that can be checked before anything runs. */
export const shapeRules: readonly Rule[] = [
  acceptedByHost,
  {
    name: 'describes every field of its outputs',
    why: 'A model reads an output by its schema, and guesses the meaning of fields without a description.',
    find: async ({ connector }) =>
      connector.tools.flatMap(({ name, output }) =>
        output
          ? fieldsOf(portableSchema(output, 'output').jsonSchema, '')
              .filter(({ field }) => !isDescribed(field))
              .map(({ path }) => `${name}: ${path} has no description`)
          : [],
      ),
  },
  {
    name: 'says for every optional input what happens without it',
    why: 'Models fill in optional inputs unless the description says what leaving them out means.',
    find: async ({ connector }) =>
      connector.tools.flatMap(({ name, input }) =>
        fieldsOf(portableSchema(input, 'input').jsonSchema, '')
          .filter(({ optional, field }) => optional && !saysWithout.test(String(field['description'])))
          .map(({ path }) => `${name}: ${path} does not say so. Write “Absent: …” or “Default: …”`),
      ),
  },
  {
    name: 'bounds every list that it accepts, and every text of a schema of its own',
    why: 'Anyone with a key may send a list of a thousand items where the tool expects three. Core bounds only what zod describes.',
    find: async ({ connector }) =>
      connector.tools.flatMap(({ name, input }) =>
        unboundedIn(portableSchema(input, 'input').jsonSchema, '', 'jsonSchema' in input).map(
          ([path, keyword]) => `${name}: ${path} has no ${keyword}`,
        ),
      ),
  },
  {
    name: 'describes every setting',
    why: 'A person who sets a connection up sees these words beside the field.',
    find: async ({ connector }) =>
      Object.entries(connector.config.shape)
        .filter(([, field]) => (descriptionOf(field) ?? '').trim() === '')
        .map(([name]) => `config.${name} has no description: add .describe('…')`),
  },
  {
    name: 'has an example for each tool, and for nothing else',
    why: 'A tool without an example is not checked at all.',
    find: async ({ connector, fixture }) => {
      const tools = new Set(connector.tools.map(({ name }) => name));
      return [
        ...[...tools].filter((name) => !fixture.examples[name]).map((name) => `${name} has no example`),
        ...Object.keys(fixture.examples)
          .filter((name) => !tools.has(name))
          .map((name) => `${name} has an example, but is no tool`),
      ];
    },
  },
  {
    name: 'has examples that fit its inputs',
    why: 'An example that the tool refuses proves nothing.',
    find: async ({ connector, fixture }) =>
      connector.tools.flatMap(({ name, input }) => {
        const example = fixture.examples[name];
        if (!example) return [];
        try {
          ('jsonSchema' in input ? input : strictSchema(input)).parse(example);
          return [];
        } catch (error) {
          return [`${name}: ${error instanceof Error ? error.message : String(error)}`];
        }
      }),
  },
];

interface Field {
  readonly path: string;
  readonly field: RawSchema;
  readonly optional: boolean;
}

/** Lists every property of a wire schema, at every depth. */
function fieldsOf(schema: RawSchema, path: string): Field[] {
  const { properties, items, anyOf, required = [] } = schema;
  const parts = isSchema(properties) ? Object.entries(properties) : [];
  const own = parts.flatMap(([name, field]): Field[] => {
    if (!isSchema(field)) return [];
    const at = path ? `${path}.${name}` : name;
    return [{ path: at, field, optional: !(required as string[]).includes(name) }, ...fieldsOf(field, at)];
  });
  const branches = Array.isArray(anyOf) ? anyOf.filter(isSchema).flatMap((branch) => fieldsOf(branch, path)) : [];
  return [...own, ...branches, ...(isSchema(items) ? fieldsOf(items, `${path}[]`) : [])];
}

/** Lists the values of a wire schema that may be of any size, with the keyword that each lacks. */
function unboundedIn(schema: RawSchema, path: string, texts: boolean): [path: string, keyword: string][] {
  const { type, items, properties, additionalProperties, anyOf } = schema;
  // Any value: core bounds it as a part of the message.
  if (Array.isArray(anyOf) && anyOf.some((branch) => isSchema(branch) && branch['additionalProperties'] === true)) return [];
  const lacks = (kind: string, keyword: string): [string, string][] =>
    [type].flat().includes(kind) && schema[keyword] === undefined ? [[path, keyword]] : [];
  const text = texts && schema['enum'] === undefined && schema['const'] === undefined ? lacks('string', 'maxLength') : [];
  const parts = Object.entries(isSchema(properties) ? properties : {}).map(([name, part]) => [path ? `${path}.${name}` : name, part]);
  const branches = Array.isArray(anyOf) ? anyOf.map((branch: unknown) => [path, branch]) : [];
  const nested = [...parts, ...branches, [`${path}[]`, items], [`${path}.*`, additionalProperties]] as [string, unknown][];
  return [...lacks('array', 'maxItems'), ...text, ...nested.flatMap(([at, part]) => (isSchema(part) ? unboundedIn(part, at, texts) : []))];
}

const isDescribed = ({ description }: RawSchema): boolean => typeof description === 'string' && description.trim() !== '';

/** Returns the description of a setting, from itself or from the type that it wraps. */
function descriptionOf(field: { readonly description?: string | undefined; readonly _zod: { readonly def: object } }): string | undefined {
  const { innerType } = field._zod.def as { readonly innerType?: Parameters<typeof descriptionOf>[0] };
  return field.description ?? (innerType && descriptionOf(innerType));
}
