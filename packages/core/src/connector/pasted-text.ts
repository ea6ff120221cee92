import { z } from 'zod';

const quoted = /^(["'])([^]*)\1$/;

/** Removes what editors and files of settings put around a text. `trim` also removes a byte order mark. */
function asMeant(text: string): string {
  const trimmed = text.trim();
  return (quoted.exec(trimmed)?.[2] ?? trimmed).trim();
}

/**
 * A text in a connector's config, as people paste it: without a byte order mark, blanks, line ends and a pair of quotes around it. For keys
 * and other values that have none of these: `secret(pastedText().min(1))`.
 */
export const pastedText = () => z.string().overwrite(asMeant);
