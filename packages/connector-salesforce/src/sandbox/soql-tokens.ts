import { malformed } from './refusal.ts';

/** A token of a query. The text of a string literal is unescaped and has no quotes. */
export interface Token {
  readonly kind: 'text' | 'number' | 'date' | 'name' | 'range' | 'sign';
  readonly text: string;
}

const kinds: readonly (readonly [Token['kind'], RegExp])[] = [
  ['text', /^'(?:[^'\\]|\\[^])*'/],
  ['date', /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))?/],
  ['number', /^-?\d+(?:\.\d+)?/],
  ['range', /^(?:(?:LAST|NEXT)_N_[A-Z]+|N_[A-Z]+_AGO):\d+/i],
  ['name', /^[A-Za-z]\w*(?:\.[A-Za-z]\w*)*/],
  ['sign', /^(?:<=|>=|!=|<>|[=<>(),])/],
];

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', '"': '"', "'": "'", '\\': '\\' };

/** Splits a query into tokens. @throws {VendorError} MALFORMED_QUERY for text that is not SOQL: comments, semicolons, other escapes. */
export function tokensOf(soql: string): Token[] {
  const tokens: Token[] = [];
  let rest = soql.trim();
  while (rest !== '') {
    const found = kinds.map(([kind, form]) => [kind, form.exec(rest)?.[0]] as const).find(([, text]) => text !== undefined);
    const text = found?.[1];
    if (found === undefined || text === undefined) throw malformed(`unexpected token: '${rest.slice(0, 20)}'`);
    tokens.push({ kind: found[0], text: found[0] === 'text' ? unescaped(text) : text });
    rest = rest.slice(text.length).trimStart();
  }
  return tokens;
}

/** Leaves `\_` and `\%` unchanged, for LIKE. */
function unescaped(literal: string): string {
  if (/[\n\r]/.test(literal)) throw malformed('line breaks not allowed in string literals');
  return literal.slice(1, -1).replaceAll(/\\(u[0-9a-fA-F]{4}|[^])/g, (whole, escape: string) => {
    if (escape.length > 1) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    if (escape === '_' || escape === '%') return whole;
    const char = escapes[escape];
    if (char === undefined) throw malformed(`invalid escape sequence \\${escape}`);
    return char;
  });
}
