import { wellFormedJson } from './well-formed.ts';

// No other text has an integer of so many digits. Strings may look as if they did.
const longInteger = /(?:^|[:,[])\s*-?\d{16}/;
const tokens = /"[^"\\]*(?:\\[^][^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Parses JSON from a vendor. A whole number that JavaScript cannot keep exactly becomes the string of its digits, because a rounded id
 * would be the id of another record. Half of a surrogate pair becomes U+FFFD.
 *
 * @throws {SyntaxError} for a text that is not JSON.
 */
export function parseJson(text: string): unknown {
  return JSON.parse(wellFormedJson(longInteger.test(text) ? text.replace(tokens, quoteInexact) : text));
}

function quoteInexact(token: string): string {
  return /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token;
}
