import { wellFormedJson } from './well-formed.ts';

// The largest exact integer has 16 digits.
const inexactDigits = 16;
const longInteger = /(?<![\w.+-])-?[1-9]\d{15,}(?![\d.eE])/g;

/**
 * Parses JSON from a vendor. A whole number that JavaScript cannot keep exactly becomes the string of its digits, because a rounded id
 * would be the id of another record. Half of a surrogate pair becomes U+FFFD.
 *
 * @throws {SyntaxError} for a text that is not JSON.
 */
export function parseJson(text: string): unknown {
  return JSON.parse(wellFormedJson(hasManyDigits(text) ? quoteInexact(text) : text));
}

/** Whether a text has 16 digits in a row. Looks at every sixteenth character, as every answer passes here and few have so many digits. */
function hasManyDigits(text: string): boolean {
  for (let at = inexactDigits - 1; at < text.length; at += inexactDigits) {
    if (!isDigit(text, at)) continue;
    let digits = 1;
    for (let index = at - 1; isDigit(text, index); index -= 1) digits += 1;
    for (let index = at + 1; digits < inexactDigits && isDigit(text, index); index += 1) digits += 1;
    if (digits >= inexactDigits) return true;
  }
  return false;
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0x30 && code <= 0x39;
}

/** Puts the inexact integers of a JSON text into quotes. Takes linear time, because anyone with a webhook's key can send any text. */
function quoteInexact(text: string): string {
  // The string that is nearest to the last integer.
  let begin = -1;
  let end = -1;
  return text.replace(longInteger, (digits, offset: number) => {
    while (end < offset) {
      begin = text.indexOf('"', end + 1);
      if (begin === -1) begin = text.length;
      end = endOfString(text, begin);
    }
    return offset > begin || Number.isSafeInteger(Number(digits)) ? digits : `"${digits}"`;
  });
}

/** Returns the index of the quote that ends a string. */
function endOfString(text: string, begin: number): number {
  let end = begin;
  do end = text.indexOf('"', end + 1);
  while (end !== -1 && isEscaped(text, end));
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0;
  while (text[index - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}
