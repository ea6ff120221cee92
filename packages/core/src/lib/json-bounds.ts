/** How much a JSON text may hold. */
export interface JsonBounds {
  /** How deep arrays and objects may be nested. At most 255. */
  readonly depth: number;
  /** How many values the text may hold: arrays, objects, and everything in them. */
  readonly values: number;
  /** How many keys one object may have. */
  readonly keys: number;
}

/** The bounds for a message from a client. A model cannot write that much in one call, and a program can send it in parts. */
export const messageBounds: JsonBounds = { depth: 64, values: 20_000, keys: 1_000 };

/** For each open array or object, from the outside in: its commas, or -1 for an array. Written before it is read in each pass. */
const commas = new Int32Array(256);

// Short strings end before a call of `indexOf` would have begun.
const shortString = 64;

/**
 * Returns what a JSON text has too much of, in words that can follow "the body". Undefined if it is within the bounds. One pass over the
 * bytes, without building anything, because parsing, validating and hashing a value that is deep or has very many parts can take seconds.
 * Does not check that the text is JSON.
 */
export function findJsonExcess(text: Uint8Array, { depth: maxDepth, values: maxValues, keys: maxKeys }: JsonBounds): string | undefined {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case 0x22: // "
        at = endOfString(text, at);
        break;
      case 0x7b: // {
      case 0x5b: // [
        depth += 1;
        if (depth > maxDepth) return `is nested deeper than ${maxDepth} levels`;
        commas[depth] = text[at] === 0x7b ? 0 : -1;
        values += 1;
        if (values > maxValues) return `has more than ${maxValues} values`;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        if (depth > 0) depth -= 1;
        break;
      case 0x2c: // ,
        values += 1;
        if (values > maxValues) return `has more than ${maxValues} values`;
        if (commas[depth] !== -1 && (commas[depth] = (commas[depth] ?? 0) + 1) >= maxKeys)
          return `has an object with more than ${maxKeys} keys`;
        break;
    }
  }
  return undefined;
}

/** Returns the index of the quote that ends the string which begins at `start`, or an index after the text. */
function endOfString(text: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < text.length) {
    const end = Math.min(text.length, at + shortString);
    while (at < end) {
      const byte = text[at];
      if (byte === 0x22) return at;
      at += byte === 0x5c ? 2 : 1;
    }
    const quote = text.indexOf(0x22, at);
    if (quote === -1) return text.length;
    let escape = quote;
    while (escape > at && text[escape - 1] === 0x5c) escape -= 1;
    if ((quote - escape) % 2 === 0) return quote;
    at = quote + 1;
  }
  return at;
}
