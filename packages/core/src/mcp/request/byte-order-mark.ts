/** The length of a byte order mark, which programs of Windows write before UTF-8. A parser may ignore it (RFC 8259, 8.1). */
export const markBytes = 3;

/** Whether bytes begin with a byte order mark. */
export const hasMark = (bytes: Uint8Array): boolean => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
