import fc from 'fast-check';
import { encode, named, type HttpRequest, type Header, type WireRequest } from './http-request.ts';
import { headerNames, headerValue, key, value } from './fuzz-words.ts';
import { bases, call, modern, modernVersion } from './requests.ts';

/** One change to a request. A mutation that does not apply leaves the request unchanged. */
type Mutation = (request: HttpRequest) => HttpRequest;

// The position of a change, modulo the number of possible positions.
const at = fc.nat({ max: 2 ** 30 });

type Tree = Record<string, unknown> | unknown[];
const isTree = (node: unknown): node is Tree => typeof node === 'object' && node !== null;

/** Returns all objects and arrays of a message, the message first. */
function treesOf(node: unknown): Tree[] {
  return isTree(node) ? [node, ...Object.values(node).flatMap(treesOf)] : [];
}

/** Changes a message that is still JSON. `pick` chooses one of its objects or arrays. */
function onTree(name: string, pick: number, change: (tree: Tree) => void): Mutation {
  return (request) => {
    let message: unknown;
    try {
      message = JSON.parse(request.body.toString());
    } catch {
      return request;
    }
    const trees = treesOf(message);
    const tree = trees[pick % trees.length];
    if (!tree) return request;
    change(tree);
    return named(request, name, { body: JSON.stringify(message) });
  };
}

const put = (tree: Tree, name: string, inner: unknown): void => {
  if (Array.isArray(tree) && !Object.keys(tree).includes(name)) return void tree.push(inner);
  // As JSON.parse does, `__proto__` included.
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

/** Changes the bytes of a body, which may then not be JSON. */
function onBytes(name: string, change: (bytes: Buffer) => Buffer): Mutation {
  return (request) => named(request, name, { body: change(Buffer.from(request.body)) });
}

const onBody: readonly fc.Arbitrary<Mutation>[] = [
  fc.tuple(at, fc.nat(255)).map(([position, byte]) =>
    onBytes('set a byte', (bytes) => {
      const changed = Buffer.from(bytes);
      if (bytes.length > 0) changed[position % bytes.length] = byte;
      return changed;
    }),
  ),
  fc
    .tuple(at, fc.uint8Array({ maxLength: 6 }))
    .map(([position, more]) => onBytes('insert bytes', (bytes) => splice(bytes, position, 0, Buffer.from(more)))),
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
    .map(([position, more]) => onBytes('insert syntax', (bytes) => splice(bytes, position, 0, Buffer.from(more)))),
  fc
    .tuple(at, fc.nat(20))
    .map(([position, length]) => onBytes('delete bytes', (bytes) => splice(bytes, position, length, Buffer.alloc(0)))),
  fc
    .tuple(at, fc.nat(40))
    .map(([position, length]) =>
      onBytes('repeat bytes', (bytes) =>
        splice(bytes, position, 0, bytes.subarray(position % (bytes.length + 1), (position % (bytes.length + 1)) + length)),
      ),
    ),
  fc.constant(onBytes('after an open brace', (bytes) => splice(bytes, 1, 0, Buffer.from('"jsonrpc":"1.0",')))),
];

function splice(bytes: Buffer, position: number, length: number, more: Buffer): Buffer {
  const start = position % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, start), more, bytes.subarray(start + length)]);
}

const onHeaders: readonly fc.Arbitrary<Mutation>[] = [
  fc.tuple(fc.constantFrom(...headerNames), headerValue).map(
    ([name, text]): Mutation =>
      (request) =>
        named(request, `header ${name}`, { headers: [...request.headers.filter(([present]) => present !== name), [name, text]] }),
  ),
  fc.tuple(fc.constantFrom(...headerNames), headerValue).map(
    ([name, text]): Mutation =>
      (request) =>
        named(request, `one more ${name}`, { headers: [...request.headers, [name, text]] }),
  ),
  at.map(
    (pick): Mutation =>
      (request) =>
        named(request, 'without a header', { headers: request.headers.filter((_, i) => i !== pick % request.headers.length) }),
  ),
  at.map(
    (pick): Mutation =>
      (request) =>
        named(request, 'header in capitals', {
          headers: request.headers.map((header, i): Header =>
            i === pick % request.headers.length ? [header[0].toUpperCase(), header[1]] : header,
          ),
        }),
  ),
];

// An answer that the client sends as the tool's input, so that answers are mutated too.
const answer = { output: { a: { b: 'c' }, d: [1] }, content: [{ type: 'text', text: 'said' }], meta: { 'busbar/a': 1 } };

/** The requests to mutate: the bases, and calls whose answers have many forms. */
const seeds: readonly HttpRequest[] = [
  ...bases,
  ...[modernVersion, '2025-11-25', undefined].flatMap((version) => [
    call(version, 'reference_echo_all', { a: { b: [1, 'c', null] } }),
    call(version, 'reference_check_input', { name: 'abc', count: 2, tags: ['a'], place: { city: 'Bern' } }),
    call(version, 'reference_return_given', answer),
    call(version, 'reference_return_given', { output: answer, meta: {} }),
    call(version, 'reference_return_given', { content: answer.content }),
    call(version, 'reference_fail_known', { code: 'NOT_FOUND' }),
    call(version, 'reference_ask_twice', {}, { elicitation: { form: {} } }),
  ]),
  modern('tools/call', { name: 'reference_report_progress', arguments: { steps: [1, 2] }, _meta: { progressToken: 'p' } }),
];

const mutation = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(...onJson) },
  { weight: 2, arbitrary: fc.oneof(...onBody) },
  { weight: 2, arbitrary: fc.oneof(...onHeaders) },
);

/** Valid requests with up to four changes to their JSON, bytes or headers. Most have one change, so that they stay nearly valid. */
export const mutated: fc.Arbitrary<WireRequest> = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.oneof(
      { weight: 3, arbitrary: fc.tuple(mutation) },
      { weight: 1, arbitrary: fc.array(mutation, { minLength: 2, maxLength: 4, size: 'max' }) },
    ),
    // Splits some requests into two packets.
    fc.nat({ max: 600 }),
  )
  .map(([seed, mutations, cutAt]) => {
    const request = (mutations as readonly Mutation[]).reduce((changed, mutate) => mutate(changed), seed);
    const bytes = encode(request);
    const isCut = cutAt % 8 === 1 && cutAt < bytes.length;
    return { name: request.name, packets: isCut ? [bytes.subarray(0, cutAt), bytes.subarray(cutAt)] : [bytes] };
  });
