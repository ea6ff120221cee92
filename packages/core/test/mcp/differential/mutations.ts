import fc from 'fast-check';
import { bytesOf, named, type Draft, type Header, type Sent } from './http-request.ts';
import { headerNames, headerValue, key, value } from './fuzz-words.ts';
import { bases, call, modern, modernVersion } from './requests.ts';

/** One change to a request. A mutation that cannot be applied to it leaves it as it is. */
type Mutation = (draft: Draft) => Draft;

// Where something is changed: taken modulo what there is.
const at = fc.nat({ max: 2 ** 30 });

type Tree = Record<string, unknown> | unknown[];
const isTree = (node: unknown): node is Tree => typeof node === 'object' && node !== null;

/** All objects and arrays of a message, the message first. */
function treesOf(node: unknown): Tree[] {
  return isTree(node) ? [node, ...Object.values(node).flatMap(treesOf)] : [];
}

/** Changes a message that is JSON still. `pick` chooses one of its objects or arrays. */
function onTree(name: string, pick: number, change: (tree: Tree) => void): Mutation {
  return (draft) => {
    let message: unknown;
    try {
      message = JSON.parse(draft.body.toString());
    } catch {
      return draft;
    }
    const trees = treesOf(message);
    const tree = trees[pick % trees.length];
    if (!tree) return draft;
    change(tree);
    return named(draft, name, { body: JSON.stringify(message) });
  };
}

const put = (tree: Tree, name: string, inner: unknown): void => {
  if (Array.isArray(tree) && !Object.keys(tree).includes(name)) return void tree.push(inner);
  // As JSON.parse does, whatever the name.
  Object.defineProperty(tree, name, { value: inner, enumerable: true, writable: true, configurable: true });
};
const nameIn = (tree: Tree, pick: number): string | undefined => Object.keys(tree)[pick % Math.max(1, Object.keys(tree).length)];

const onJson: readonly fc.Arbitrary<Mutation>[] = [
  fc.tuple(at, key, value).map(([pick, name, inner]) => onTree(`set ${name}`, pick, (tree) => put(tree, name, inner))),
  fc.tuple(at, at, value).map(([pick, which, inner]) =>
    onTree('replace', pick, (tree) => {
      const name = nameIn(tree, which);
      if (name !== undefined) put(tree, name, inner);
    }),
  ),
  fc.tuple(at, at).map(([pick, which]) =>
    onTree('delete', pick, (tree) => {
      const name = nameIn(tree, which);
      if (name !== undefined) delete (tree as Record<string, unknown>)[name];
    }),
  ),
  fc.tuple(at, at).map(([pick, which]) =>
    onTree('wrap', pick, (tree) => {
      const name = nameIn(tree, which);
      if (name !== undefined) put(tree, name, [(tree as Record<string, unknown>)[name]]);
    }),
  ),
  fc.tuple(at, at, key).map(([pick, which, to]) =>
    onTree(`rename to ${to}`, pick, (tree) => {
      const name = nameIn(tree, which);
      if (name === undefined || Array.isArray(tree)) return;
      const inner = tree[name];
      delete tree[name];
      put(tree, to, inner);
    }),
  ),
];

/** Changes the bytes of a body, which then need not be JSON. */
function onBytes(name: string, change: (bytes: Buffer) => Buffer): Mutation {
  return (draft) => named(draft, name, { body: change(Buffer.from(draft.body)) });
}

const onBody: readonly fc.Arbitrary<Mutation>[] = [
  fc.tuple(at, fc.nat(255)).map(([place, byte]) =>
    onBytes('set a byte', (bytes) => {
      const changed = Buffer.from(bytes);
      if (bytes.length > 0) changed[place % bytes.length] = byte;
      return changed;
    }),
  ),
  fc
    .tuple(at, fc.uint8Array({ maxLength: 6 }))
    .map(([place, more]) => onBytes('insert bytes', (bytes) => splice(bytes, place, 0, Buffer.from(more)))),
  fc
    .tuple(
      at,
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        '"',
        ',',
        ':',
        '\\',
        ' ',
        '\n',
        '\\u0000',
        '1e999',
        'null',
        '"a":1,',
        '"id":8,',
        '"method":"ping",',
        '\ufeff',
      ),
    )
    .map(([place, more]) => onBytes('insert syntax', (bytes) => splice(bytes, place, 0, Buffer.from(more)))),
  fc.tuple(at, fc.nat(20)).map(([place, length]) => onBytes('delete bytes', (bytes) => splice(bytes, place, length, Buffer.alloc(0)))),
  fc
    .tuple(at, fc.nat(40))
    .map(([place, length]) =>
      onBytes('repeat bytes', (bytes) =>
        splice(bytes, place, 0, bytes.subarray(place % (bytes.length + 1), (place % (bytes.length + 1)) + length)),
      ),
    ),
  fc.constant(onBytes('after an open brace', (bytes) => splice(bytes, 1, 0, Buffer.from('"jsonrpc":"1.0",')))),
];

function splice(bytes: Buffer, place: number, length: number, more: Buffer): Buffer {
  const start = place % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, start), more, bytes.subarray(start + length)]);
}

const onHeaders: readonly fc.Arbitrary<Mutation>[] = [
  fc.tuple(fc.constantFrom(...headerNames), headerValue).map(
    ([name, text]): Mutation =>
      (draft) =>
        named(draft, `header ${name}`, { headers: [...draft.headers.filter(([present]) => present !== name), [name, text]] }),
  ),
  fc.tuple(fc.constantFrom(...headerNames), headerValue).map(
    ([name, text]): Mutation =>
      (draft) =>
        named(draft, `one more ${name}`, { headers: [...draft.headers, [name, text]] }),
  ),
  at.map(
    (pick): Mutation =>
      (draft) =>
        named(draft, 'without a header', { headers: draft.headers.filter((_, i) => i !== pick % draft.headers.length) }),
  ),
  at.map(
    (pick): Mutation =>
      (draft) =>
        named(draft, 'header in capitals', {
          headers: draft.headers.map((header, i): Header =>
            i === pick % draft.headers.length ? [header[0].toUpperCase(), header[1]] : header,
          ),
        }),
  ),
];

// An answer that the client makes up, so that answers are mutated too.
const given = { output: { a: { b: 'c' }, d: [1] }, content: [{ type: 'text', text: 'said' }], meta: { 'busbar/a': 1 } };

/** What the mutations begin with: the bases, and calls whose answers have many forms. */
const seeds: readonly Draft[] = [
  ...bases,
  ...[modernVersion, '2025-11-25', undefined].flatMap((version) => [
    call(version, 'twin_echo_all', { a: { b: [1, 'c', null] } }),
    call(version, 'twin_check_input', { name: 'abc', count: 2, tags: ['a'], place: { city: 'Bern' } }),
    call(version, 'twin_return_given', given),
    call(version, 'twin_return_given', { output: given, meta: {} }),
    call(version, 'twin_return_given', { content: given.content }),
    call(version, 'twin_fail_known', { code: 'NOT_FOUND' }),
    call(version, 'twin_ask_twice', {}, { elicitation: { form: {} } }),
  ]),
  modern('tools/call', { name: 'twin_report_progress', arguments: { steps: [1, 2] }, _meta: { progressToken: 'p' } }),
];

const mutation = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(...onJson) },
  { weight: 2, arbitrary: fc.oneof(...onBody) },
  { weight: 2, arbitrary: fc.oneof(...onHeaders) },
);

/** Requests that were right, with up to four changes to their JSON, their bytes or their headers. Most have one: they stay near what is right. */
export const mutated: fc.Arbitrary<Sent> = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.oneof(
      { weight: 3, arbitrary: fc.tuple(mutation) },
      { weight: 1, arbitrary: fc.array(mutation, { minLength: 2, maxLength: 4, size: 'max' }) },
    ),
    // Now and then in two packets.
    fc.nat({ max: 600 }),
  )
  .map(([seed, mutations, cutAt]) => {
    const draft = (mutations as readonly Mutation[]).reduce((changed, mutate) => mutate(changed), seed);
    const bytes = bytesOf(draft);
    const isCut = cutAt % 8 === 1 && cutAt < bytes.length;
    return { name: draft.name, packets: isCut ? [bytes.subarray(0, cutAt), bytes.subarray(cutAt)] : [bytes] };
  });
