import { z } from 'zod';

/** An address as SendGrid takes it. */
export interface Address {
  readonly email: string;
  readonly name?: string;
}

const Email = z.email().max(254);
// RFC 5322 lets no line of a header be longer.
const maxName = 998;

/** Reads `ada@example.com` or `Ada Example <ada@example.com>`. A string that comes back says what is wrong with it. */
export function readAddress(text: string): Address | string {
  const [, written = '', inside] = /^([^<>]*)<([^<>]*)>$/.exec(text.trim()) ?? [];
  const email = (inside ?? text).trim();
  const name = written.trim().replace(/^"(.*)"$/, '$1');
  if (!Email.safeParse(email).success) return 'is not an e-mail address';
  if (name.length > maxName) return `has a name of more than ${maxName} characters`;
  // SendGrid splits names at these.
  if (/[;,]/.test(name)) return 'has a name with ; or , in it, which SendGrid does not take';
  return name === '' ? { email } : { email, name };
}

/** An address of which {@link readAddress} has nothing bad to say. */
export const addressText = z.string().superRefine((text, { addIssue }) => {
  const read = readAddress(text);
  if (typeof read === 'string')
    addIssue({ code: 'custom', message: `“${text.slice(0, 100)}” ${read}. Write name@example.com or Name <name@example.com>` });
});

/** Addresses that have been checked. @throws {TypeError} for one that has not. */
export function addresses(texts: readonly string[] = []): Address[] {
  return texts.map((text) => {
    const read = readAddress(text);
    if (typeof read === 'string') throw new TypeError(`${text} ${read}`);
    return read;
  });
}

/** The first address that stands there twice, whatever its case: SendGrid refuses an e-mail that has one. What is no address is passed over. */
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
