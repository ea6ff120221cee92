// Half of a surrogate pair is not a character. It cannot be encoded as UTF-8, so programs that read an answer with one fail, and hosts of
// models refuse every later request of the conversation: RFC 7493, section 2.1. A text has `toWellFormed` to replace them, and these
// functions do the same for JSON.

const surrogateEscape = /\\u[dD][89a-fA-F]/;
// Pairs and backslashes are found too, so that no part of them is taken for a half.
const halves = /\\(?:\\|u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[dD][89a-fA-F][\da-fA-F]{2})/g;
const halfLength = '\\ud83d'.length;

/** Replaces each escape of half a surrogate pair in a JSON text by U+FFFD, as `JSON.stringify` writes it. */
export function wellFormedJson(json: string): string {
  // Most texts have no such escape, and this search is faster than the pattern's.
  if (!json.includes('\\u') || !surrogateEscape.test(json)) return json;
  return json.replace(halves, (found) => (found.length === halfLength ? '\uFFFD' : found));
}

/** Returns a JSON value with well-formed strings and keys: a copy, or the value itself if they are already. */
export function wellFormedValue<T>(value: T): T {
  const json = JSON.stringify(value) ?? '';
  const mended = wellFormedJson(json);
  return mended === json ? value : (JSON.parse(mended) as T);
}
