import { z } from 'zod';

// RFC 5321, 4.5.3.1.3: a path has at most 256 octets with its angle brackets.
const maxLength = 254;
// RFC 5322, 3.4.1: the part before the @ is quoted, or has none of these. Every other sign is lawful in it, or for the vendor to decide.
const localPart = /^(?:"(?:[^"\\]|\\.)+"|[^()<>[\]:;,\\"@]+)$/u;
const domainPart = /^(?:\[[^[\]@\\]+\]|[^()<>[\]:;,\\"@/?#%]+)$/u;

/**
 * Returns an e-mail address as vendors expect it, with a domain in other scripts in its ASCII form (`bücher.example` becomes
 * `xn--bcher-kva.example`). Returns undefined only for text that cannot be an address: without an @ or with an empty part, with blanks or
 * control characters, or with more than 254 characters. Vendors know which of the others they take.
 */
export function readEmailAddress(text: string): string | undefined {
  const address = text.trim();
  if (address.length > maxLength || /[\s\p{Cc}]/u.test(address) || !address.isWellFormed()) return undefined;
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(at, 0));
  const domain = address.slice(at + 1);
  if (!localPart.test(local) || !domainPart.test(domain) || domain.split('.').includes('')) return undefined;
  const ascii = asciiDomain(domain);
  return ascii && `${local}@${ascii}`;
}

/** The schema of an e-mail address that {@link readEmailAddress} accepts. Parsing gives the address in the form that vendors expect. */
export function emailAddress(): z.ZodString {
  return z
    .string()
    .refine((text) => readEmailAddress(text) !== undefined, 'This cannot be an e-mail address. Write name@example.com')
    .overwrite((text) => readEmailAddress(text) ?? text);
}

/** A URL holds the name of its host in ASCII. Undefined for a domain that has no such form. */
const asciiDomain = (domain: string): string | undefined =>
  /^\p{ASCII}*$/u.test(domain) ? domain : URL.parse(`https://${domain}`)?.hostname;
