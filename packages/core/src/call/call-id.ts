// A tick is the least that the version's first 74 bits can tell apart: 4,096 of them in a millisecond.
const ticksPerMs = 4_096;

/**
 * Makes ids of calls: UUIDs of version 7 ({@link https://www.rfc-editor.org/rfc/rfc9562#section-5.7 RFC 9562}), each greater than the one
 * before, so that what is stored by them grows at one end. Their random part is drawn once, for 62 bits keep processes apart: it makes ids that
 * are unique, and none that cannot be guessed.
 */
export function callIds(): (now: number) => string {
  const random = crypto.randomUUID().slice(19);
  let last = 0;
  let lastMs = -1;
  let time = '';
  return (now) => {
    // Of more calls than ticks, and of a clock that is set back, the ids run ahead of the time.
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
