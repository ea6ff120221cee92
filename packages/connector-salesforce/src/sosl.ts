/** What is looked for where, and what is shown of it. Names are identifiers: they cannot be escaped, so check them before. */
export interface Search {
  readonly text: string;
  readonly scope: 'ALL' | 'NAME' | 'EMAIL' | 'PHONE';
  readonly objects: readonly { readonly name: string; readonly fields: readonly string[] }[];
  readonly limit: number;
}

/** Writes Salesforce's search language. The text is words to find, whatever characters it holds; `*` and `?` are none of its wildcards. */
export function sosl({ text, scope, objects, limit }: Search): string {
  const words = text
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    // AND, OR and NOT in capitals are operators; in small letters they are words.
    .replaceAll(/\b(?:AND|OR|NOT)\b/g, (word) => word.toLowerCase())
    .replaceAll(/[?&|!{}[\]()^~*:\\"'+-]/g, '\\$&');
  const returning = objects.map(({ name, fields }) => `${name}(${fields.join(', ')} LIMIT ${limit})`).join(', ');
  return `FIND {${words}} IN ${scope} FIELDS RETURNING ${returning}`;
}
