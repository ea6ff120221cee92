// A version 7 id has 12 bits after the time, which distinguish 4,096 ids in one millisecond.
const ticksPerMs = 4_096;

/**
 * Returns a function that generates call ids: version 7 UUIDs ({@link https://www.rfc-editor.org/rfc/rfc9562#section-5.7 RFC 9562}), each
 * greater than the previous one, so that stores append rows at one end of the index. The 62 random bits are drawn once per process, which
 * is enough to distinguish processes. The ids are unique but guessable.
 */
export function callIds(): (now: number) => string {
  const random = crypto.randomUUID().slice(19);
  let last = 0;
  let lastMs = -1;
  let time = '';
  return (now) => {
    // The ids run ahead of the clock if there are more calls than ticks, or if the clock is set back.
    last = Math.max(last + 1, Math.floor(now) * ticksPerMs);
    const ms = Math.floor(last / ticksPerMs);
    if (ms !== lastMs) {
      const hex = ms.toString(16).padStart(12, '0');
      time = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
      lastMs = ms;
    }
    return `${time}${(last % ticksPerMs).toString(16).padStart(3, '0')}-${random}`;
  };
}
