type Json = Readonly<Record<string, unknown>>;

const keywords = new Set(
  'type description default properties required additionalProperties items minItems maxItems anyOf enum format pattern minLength maxLength minimum maximum'.split(
    ' ',
  ),
);
const formats = new Set(['date-time', 'date', 'email', 'uri', 'uuid', 'int32', 'int64']);

/** Returns the rules of model vendors that a wire schema breaks. Written independently of the code that builds the schema. */
export function brokenRules(schema: Json, io: 'input' | 'output'): string[] {
  const broken: string[] = [];
  let properties = 0;

  function visit(node: Json, path: string, depth: number): void {
    const say = (problem: string) => void broken.push(`${path}: ${problem}`);
    const { type, anyOf, enum: values, format, items, properties: parts, additionalProperties } = node;
    for (const keyword of Object.keys(node)) if (!keywords.has(keyword)) say(`keyword ${keyword}`);
    if (Array.isArray(type) && !(type.length === 2 && type[1] === 'null')) say('a list of types');
    if (type === undefined && anyOf === undefined && !(io === 'output' && typeof node['description'] === 'string'))
      say('neither type nor anyOf');
    if (values !== undefined && !(Array.isArray(values) && values.length > 0 && values.every((value) => typeof value === 'string')))
      say('enum');
    if (format !== undefined && !formats.has(String(format))) say(`format ${String(format)}`);
    for (const bound of [node['minimum'], node['maximum']])
      if (Math.abs(Number(bound ?? 0)) >= Number.MAX_SAFE_INTEGER) say('safe integer bound');
    if (anyOf !== undefined) {
      if (path === '') say('anyOf at the root');
      for (const branch of anyOf as Json[]) visit(branch, `${path}|`, depth);
    }
    if ([type].flat().includes('array')) {
      if (typeof items !== 'object' || items === null || Array.isArray(items)) say('array without items');
      else visit(items as Json, `${path}[]`, depth);
    }
    if ([type].flat().includes('object')) {
      if (parts === undefined) {
        if (additionalProperties !== true) say('neither properties nor a free-form map');
        if (
          io === 'input' &&
          path !== '' &&
          !path.includes('|') &&
          !path.endsWith('[]') &&
          !/[{"]|e\.g\.|xample/.test(String(node['description']))
        )
          say('map without example');
        return;
      }
      if (typeof additionalProperties === 'object') say('typed additionalProperties');
      if (depth + 1 > 5) say('depth');
      for (const [name, part] of Object.entries(parts as Record<string, Json>)) {
        properties += 1;
        if (!/^[a-zA-Z0-9_.-]{1,64}$/.test(name)) say(`name ${name}`);
        if (io === 'input' && !part['description']) say(`${name} has no description`);
        visit(part, `${path}.${name}`, depth + 1);
      }
      for (const name of (node['required'] ?? []) as string[])
        if (!(name in (parts as object))) say(`requires the missing property ${name}`);
    }
  }

  if (schema['type'] !== 'object' || typeof schema['properties'] !== 'object') broken.push('the root is not an object with properties');
  visit(schema, '', 0);
  if (properties > 100) broken.push(`${properties} properties`);
  return broken;
}
