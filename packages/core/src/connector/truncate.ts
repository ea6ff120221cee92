/** Returns the first `max` UTF-16 code units of a string, but never half of a surrogate pair at the end. */
export const textStart = (text: string, max: number): string => text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '');

/**
 * Keeps the first `max` characters of a string, and appends how many more there are: `… [12 more characters]`. Returns undefined for null,
 * so that {@link omitNullish} leaves the field out.
 */
export function truncate(text: string | null | undefined, max: number): string | undefined {
  if (text === null || text === undefined || text.length <= max) return text ?? undefined;
  const kept = textStart(text, max);
  return `${kept}… [${text.length - kept.length} more characters]`;
}
