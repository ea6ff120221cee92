// Half of a surrogate pair is not a character. It cannot be encoded as UTF-8, so programs that read an answer with one fail, and hosts of
// models refuse every later request of the conversation: RFC 7493, section 2.1.

// String.prototype.toWellFormed is newer than the oldest browsers and runtimes that core supports.
const half = /\p{Surrogate}/u;
const halves = /\p{Surrogate}/gu;

/** Whether a text has no half of a surrogate pair. */
export const isWellFormed = (text: string): boolean => !half.test(text);

/** Replaces each half of a surrogate pair by U+FFFD. */
export const wellFormed = (text: string): string => (half.test(text) ? text.replace(halves, '\uFFFD') : text);

const surrogateEscape = /\\u[dD][89a-fA-F]/;
const escapes = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[dD][89a-fA-F][\da-fA-F]{2}|[^])/g;
const pairLength = '\\ud83d\\ude00'.length;

/** Replaces each escape of half a surrogate pair in a JSON text by U+FFFD, as `JSON.stringify` writes it. */
export function wellFormedJson(json: string): string {
  if (!surrogateEscape.test(json)) return json;
  return json.replace(escapes, (escape) => (surrogateEscape.test(escape) && escape.length < pairLength ? '\uFFFD' : escape));
}

/** Returns a JSON value with well-formed strings and keys: a copy, or the value itself if they are already. */
export function wellFormedValue<T>(value: T): T {
  const json = JSON.stringify(value) ?? '';
  const mended = wellFormedJson(json);
  return mended === json ? value : (JSON.parse(mended) as T);
}
