/** A full-text search. Names of objects and fields cannot be escaped, so the caller must check that they are identifiers. */
export interface Search {
  readonly text: string;
  readonly scope: 'ALL' | 'NAME' | 'EMAIL' | 'PHONE';
  readonly objects: readonly { readonly name: string; readonly fields: readonly string[] }[];
  readonly limit: number;
}

/** Writes a search in SOSL. Treats the text as plain words: wildcards and operators in it have no effect. */
export function sosl({ text, scope, objects, limit }: Search): string {
  const words = text
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    // AND, OR and NOT are operators in upper case and words in lower case.
    .replaceAll(/\b(?:AND|OR|NOT)\b/g, (word) => word.toLowerCase())
    .replaceAll(/[?&|!{}[\]()^~*:\\"'+-]/g, '\\$&');
  const returning = objects.map(({ name, fields }) => `${name}(${fields.join(', ')} LIMIT ${limit})`).join(', ');
  return `FIND {${words}} IN ${scope} FIELDS RETURNING ${returning}`;
}
