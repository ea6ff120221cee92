/** A part in which two answers to the same request differ, even answers of one server. */
interface Mask {
  readonly what: string;
  readonly why: string;
  readonly in: 'head' | 'body';
  readonly pattern: RegExp;
}

/** The parts that are not compared. All other parts are compared byte for byte. */
const masks: readonly Mask[] = [
  {
    what: 'the Date header',
    why: 'It is the second in which the answer was written.',
    in: 'head',
    pattern: /(?<=^date: ).*$/gim,
  },
  {
    what: 'ids of calls and errors',
    why: 'They are random UUIDs, so that they lead to one line in the log.',
    in: 'body',
    pattern: /\b[\da-f]{8}-[\da-f]{4}-[47][\da-f]{3}-[\da-f]{4}-[\da-f]{12}\b/g,
  },
  {
    what: 'the requestState of a call that waits',
    why: 'Its signature covers the second in which it expires.',
    in: 'body',
    pattern: /(?<="requestState":")[^"]+/g,
  },
];

const used = new Set<Mask>();

/** Replaces the masked parts of a string. */
export const masked = (part: Mask['in'], text: string): string =>
  masks.reduce((rest, mask) => {
    if (mask.in !== part) return rest;
    return rest.replaceAll(mask.pattern, () => {
      used.add(mask);
      return `<${mask.what}>`;
    });
  }, text);

/** Returns the masks that have matched nothing so far. */
export const unusedMasks = (): string[] => masks.filter((mask) => !used.has(mask)).map(({ what }) => what);
