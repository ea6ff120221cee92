import { readEmailAddress, truncate } from '@busbar/core';
import { z } from 'zod';

/** An address as SendGrid's API expects it. */
export interface Address {
  readonly email: string;
  readonly name?: string;
}

// RFC 5322: a header line has at most 998 characters.
const maxName = 998;
// A name in quotes may have a backslash before each character, and an address follows it. Reading a text of a megabyte takes long.
const maxText = 2 * maxName + 300;
const maxShown = 100;

// A line feed would begin another header. Unicode's own line separators are treated as one by some programs.
const controls = /[\p{Cc}\u2028\u2029]/u;

/** Adds to a schema that its text becomes a header of an e-mail, or a part of one. */
export const headerText = (schema: z.ZodString): z.ZodString =>
  schema.refine((text) => !controls.test(text), 'may not contain line breaks or other control characters');

/**
 * Reads `ada@example.com` or `Ada Example <ada@example.com>`, whose name may be in quotes. If the address is invalid, returns a string that
 * says what is wrong.
 */
export function readAddress(text: string): Address | string {
  const trimmed = text.trim();
  if (trimmed.length > maxText) return `has more than ${maxText} characters`;
  const [, displayName = '', inside] = /^(.*)<([^<>]*)>$/su.exec(trimmed) ?? [];
  const name = unquote(displayName.trim());
  if (controls.test(trimmed)) return 'contains a line break or another control character';
  const email = readEmailAddress(inside ?? trimmed);
  if (email === undefined || name === undefined) return 'cannot be an e-mail address';
  if (name.length > maxName) return `has a name of more than ${maxName} characters`;
  return name === '' ? { email } : { email, name };
}

/**
 * Reads an address as {@link readAddress} does. Refuses a name that SendGrid does not accept in to, cc and bcc, and puts a name into quotes
 * that would otherwise send the e-mail elsewhere.
 */
export function readRecipient(text: string): Address | string {
  const read = readAddress(text);
  if (typeof read === 'string' || read.name === undefined) return read;
  // SendGrid splits a recipient's name at these, but not the name of the sender.
  if (/[;,]/.test(read.name)) return 'has a name with ; or , in it, which SendGrid does not accept in to, cc and bcc';
  return { ...read, name: quoted(read.name) };
}

/**
 * Puts a name into quotes if one of its characters has a meaning in an address (RFC 5322, 3.2.3). SendGrid accepts such a name without
 * quotes, but then reads another address from it.
 */
function quoted(name: string): string {
  // A backslash may keep the last quote from ending the quotes.
  const hasOpenQuote = name.split('"').length % 2 === 0 || (name.includes('"') && name.includes('\\'));
  return hasOpenQuote || /[()<>[\]:@]/.test(name) ? `"${name.replaceAll(/["\\]/g, '\\$&')}"` : name;
}

/** Takes a quoted string out of its quotes, where `\"` means `"` (RFC 5322, 3.2.4). Undefined if the name contains another address. */
function unquote(name: string): string | undefined {
  const [, quoted] = /^"((?:[^"\\]|\\.)*)"$/su.exec(name) ?? [];
  if (quoted !== undefined) return quoted.replaceAll(/\\(.)/gsu, '$1').trim();
  return /[<>]/.test(name) ? undefined : name;
}

const textOf = (read: (text: string) => Address | string): z.ZodString =>
  z.string().superRefine((text, { addIssue }) => {
    const result = read(text);
    if (typeof result === 'object') return;
    addIssue({ code: 'custom', message: `“${truncate(text, maxShown)}” ${result}. Write name@example.com or Name <name@example.com>` });
  });

/** The schema of a sender's address, which {@link readAddress} accepts. */
export const senderText = textOf(readAddress);

/** The schema of a recipient's address, which {@link readRecipient} accepts. */
export const recipientText = textOf(readRecipient);

/**
 * Parses addresses that {@link senderText} has accepted, or {@link recipientText} with {@link readRecipient}. @throws {TypeError} for an
 * invalid address.
 */
export function addresses(texts: readonly string[] = [], readOne = readAddress): Address[] {
  return texts.map((text) => {
    const read = readOne(text);
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
