// Nobody means a name that long, and comparing it would take its time.
const longest = 64;

/** The candidate that somebody who wrote `word` most likely meant, or undefined where none is near. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > longest) return undefined;
  const plain = plainOf(word);
  let best: string | undefined;
  // Two letters out of five may be wrong, but never all of them.
  let least = Math.min(plain.length - 1, Math.ceil(plain.length * 0.4)) + 1;
  for (const candidate of candidates) {
    const distance = editsBetween(plain, plainOf(candidate));
    if (distance >= least) continue;
    best = candidate;
    least = distance;
  }
  return best;
}

// ticketId, ticket-id and TICKET_ID are one name written in three ways.
const plainOf = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** Levenshtein: how many letters to add, drop or exchange. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j += 1) {
      const exchange = (row[j - 1] ?? 0) + (a[i] === b[j - 1] ? 0 : 1);
      next.push(Math.min(exchange, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
