import { z } from 'zod';

/** An address as SendGrid's API expects it. */
export interface Address {
  readonly email: string;
  readonly name?: string;
}

const Email = z.email().max(254);
// RFC 5322: a header line has at most 998 characters.
const maxName = 998;

// A line feed would begin another header. Unicode's own line separators are treated as one by some programs.
const controls = /[\p{Cc}\u2028\u2029]/u;

/** Adds to a schema that its text becomes a header of an e-mail, or a part of one. */
export const headerText = (schema: z.ZodString): z.ZodString =>
  schema.refine((text) => !controls.test(text), 'may not contain line breaks or other control characters');

/** Reads `ada@example.com` or `Ada Example <ada@example.com>`. If the address is invalid, returns a string that says what is wrong. */
export function readAddress(text: string): Address | string {
  const [, displayName = '', inside] = /^([^<>]*)<([^<>]*)>$/.exec(text.trim()) ?? [];
  const email = (inside ?? text).trim();
  const name = displayName.trim().replace(/^"(.*)"$/, '$1');
  if (controls.test(text.trim())) return 'contains a line break or another control character';
  if (!Email.safeParse(email).success) return 'is not an e-mail address';
  if (name.length > maxName) return `has a name of more than ${maxName} characters`;
  // SendGrid splits names at these.
  if (/[;,]/.test(name)) return 'has a name with ; or , in it, which SendGrid does not accept';
  return name === '' ? { email } : { email, name };
}

/** The schema of an address that {@link readAddress} accepts. */
export const addressText = z.string().superRefine((text, { addIssue }) => {
  const read = readAddress(text);
  if (typeof read === 'string')
    addIssue({ code: 'custom', message: `“${text.slice(0, 100)}” ${read}. Write name@example.com or Name <name@example.com>` });
});

/** Parses addresses that {@link addressText} has accepted. @throws {TypeError} for an invalid address. */
export function addresses(texts: readonly string[] = []): Address[] {
  return texts.map((text) => {
    const read = readAddress(text);
    if (typeof read === 'string') throw new TypeError(`${text} ${read}`);
    return read;
  });
}

/** Returns the first repeated address, ignoring case and invalid addresses. SendGrid refuses an e-mail that repeats an address. */
export function repeatedAddress(texts: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const text of texts) {
    const read = readAddress(text);
    if (typeof read === 'string') continue;
    const email = read.email.toLowerCase();
    if (seen.has(email)) return read.email;
    seen.add(email);
  }
  return undefined;
}
