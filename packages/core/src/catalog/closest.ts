// Longer words are not compared, because no name is that long and the comparison would be slow.
const maxLength = 64;

/** Returns the candidate that `word` is most likely a misspelling of, or undefined if none is close. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > maxLength) return undefined;
  const plain = plainName(word);
  let best: string | undefined;
  // Two letters out of five may be wrong, but never all of them.
  let limit = Math.min(plain.length - 1, Math.ceil(plain.length * 0.4)) + 1;
  for (const candidate of candidates) {
    const distance = editsBetween(plain, plainName(candidate));
    if (distance >= limit) continue;
    best = candidate;
    limit = distance;
  }
  return best;
}

// ticketId, ticket-id and TICKET_ID are the same name.
const plainName = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** The Levenshtein distance: how many letters to insert, delete or replace. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
