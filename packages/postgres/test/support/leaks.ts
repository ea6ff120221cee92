/** Texts that reveal a secret: the secret itself, and its bytes in hex and base64. */
export function leaks(text: string, words: readonly string[]): string[] {
  const forms = words.flatMap((word) => {
    const bytes = Buffer.from(word);
    // Encodes the bytes at each offset, without the characters at the ends, which depend on neighbouring bytes.
    const base64 = [0, 1, 2].map((before) =>
      Buffer.concat([Buffer.alloc(before), bytes])
        .toString('base64')
        .slice(Math.ceil((before * 4) / 3), Math.floor(((before + bytes.length) * 4) / 3)),
    );
    return [word, bytes.toString('hex'), ...base64];
  });
  return forms.filter((form) => text.includes(form));
}
