// P-256: r and s are 32 bytes each.
const half = 32;

/**
 * Turns an ECDSA P-256 signature as vendors send it (ASN.1 DER: two signed integers of any length) into what WebCrypto takes: r and s,
 * 32 bytes each. Undefined where it is not such a signature.
 */
export function ecdsaSignatureFromDer(der: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  // A sequence (0x30) of everything that follows. Its length fits one byte: 72 is the most.
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const r = readInteger(der, 2);
  const s = r && readInteger(der, r.end);
  if (!r || !s || s.end !== der.length) return undefined;
  const pair = new Uint8Array(2 * half);
  pair.set(r.bytes, half - r.bytes.length);
  pair.set(s.bytes, 2 * half - s.bytes.length);
  return pair;
}

function readInteger(der: Uint8Array, at: number): { readonly bytes: Uint8Array; readonly end: number } | undefined {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  if (der[at] !== 0x02 || length === 0 || end > der.length) return undefined;
  let bytes = der.subarray(at + 2, end);
  // The first bit is the sign, so a zero stands before a number that would look negative.
  if ((bytes[0] ?? 0) >= 0x80) return undefined;
  while (bytes[0] === 0) bytes = bytes.subarray(1);
  return bytes.length > half ? undefined : { bytes, end };
}
