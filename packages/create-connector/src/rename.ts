const maxLength = 24;

/**
 * Checks the name of a connector. Returns a function that replaces every spelling of the template's name, `acme`, in a text: `acme` alone
 * or before a hyphen, `acme_…`, `acmeThing` and `Acme`.
 *
 * @throws {TypeError} for an invalid name. The message states the rule.
 */
export function createRename(name: string): (text: string) => string {
  if (name.startsWith('connector-')) throw new TypeError(`Leave out "connector-", which is added to the name: ${name.slice(10) || 'acme'}`);
  if (name.length > maxLength || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new TypeError(
      `${JSON.stringify(name.slice(0, 100))} cannot be a connector's name. Use at most ${maxLength} lower-case letters and digits, with single hyphens between words: acme, acme-crm`,
    );
  const pascal = name.replaceAll(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());
  const camel = name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const snake = name.replaceAll('-', '_');
  return (text) =>
    text.replaceAll(/(Acme)|(acme_)|(acme)(?=[A-Z])|acme/g, (_, inPascal?: string, inSnake?: string, inCamel?: string) =>
      inPascal ? pascal : inSnake ? `${snake}_` : inCamel ? camel : name,
    );
}
