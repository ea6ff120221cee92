// P-256: r and s are 32 bytes each.
const half = 32;

/**
 * Converts an ECDSA P-256 signature from ASN.1 DER to the form that WebCrypto requires: r and s, 32 bytes each. Vendors send DER, in which
 * r and s are signed integers of any length. Returns undefined for anything else.
 */
export function ecdsaSignatureFromDer(der: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  // A sequence (0x30) that spans the rest. Its length fits into one byte, because it is at most 72.
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const r = readInteger(der, 2);
  const s = r && readInteger(der, r.end);
  if (!r || !s || s.end !== der.length) return undefined;
  const pair = new Uint8Array(2 * half);
  pair.set(r.bytes, half - r.bytes.length);
  pair.set(s.bytes, 2 * half - s.bytes.length);
  return pair;
}

function readInteger(der: Uint8Array, offset: number): { readonly bytes: Uint8Array; readonly end: number } | undefined {
  const length = der[offset + 1] ?? 0;
  const end = offset + 2 + length;
  if (der[offset] !== 0x02 || length === 0 || end > der.length) return undefined;
  let bytes = der.subarray(offset + 2, end);
  // The first bit is the sign, so a number that would look negative has a zero byte before it.
  if ((bytes[0] ?? 0) >= 0x80) return undefined;
  while (bytes[0] === 0) bytes = bytes.subarray(1);
  return bytes.length > half ? undefined : { bytes, end };
}
