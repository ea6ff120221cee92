/** Something that differs between two answers to the same request, also of one server. */
interface Mask {
  readonly what: string;
  readonly why: string;
  readonly in: 'head' | 'body';
  readonly pattern: RegExp;
}

/** All that is not compared. Everything else is, byte for byte. */
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
    why: 'It is signed together with the second in which it ends.',
    in: 'body',
    pattern: /(?<="requestState":")[^"]+/g,
  },
];

const used = new Set<Mask>();

/** The text without what is masked. */
export const masked = (place: Mask['in'], text: string): string =>
  masks.reduce((rest, mask) => {
    if (mask.in !== place) return rest;
    return rest.replaceAll(mask.pattern, () => {
      used.add(mask);
      return `<${mask.what}>`;
    });
  }, text);

/** The masks that have covered nothing so far. */
export const idleMasks = (): string[] => masks.filter((mask) => !used.has(mask)).map(({ what }) => what);
