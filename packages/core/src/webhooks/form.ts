const maxFields = 1_000;
const ampersand = 0x26;

/** Whether a body is a form, according to its headers. */
export const isForm = (headers: Headers): boolean => /^application\/x-www-form-urlencoded\b/i.test(headers.get('content-type') ?? '');

/** Reads the fields of a form. @throws {RangeError} for more than 1,000 fields. @throws {TypeError} for bytes that are not text. */
export function readForm(body: Uint8Array): readonly (readonly [name: string, value: string])[] {
  // Counted first, because the signature may cover the fields, so that a stranger's form is read too.
  let fields = 1;
  for (let at = body.indexOf(ampersand); at !== -1; at = body.indexOf(ampersand, at + 1)) fields += 1;
  if (fields > maxFields) throw new RangeError(`the form has more than ${maxFields} fields`);
  return [...new URLSearchParams(new TextDecoder('utf-8', { fatal: true }).decode(body))];
}

/** Writes a form's fields as Twilio signs them: sorted, each name with its value, without separators, and equal fields once. */
export function signedForm(body: Uint8Array): string {
  return [...new Set(readForm(body).map((field) => JSON.stringify(field)))]
    .map((field) => JSON.parse(field) as [string, string])
    .toSorted(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)))
    .map(([name, value]) => name + value)
    .join('');
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
