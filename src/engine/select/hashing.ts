/**
 * Hashes of 32 bits as signed integers, which is what typed arrays and `Math.imul` work on. They spread, they hide
 * nothing.
 */

/** FNV-1a over UTF-16 code units, then murmur3's finalizer. */
export function hashText(text: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash ^= hash >>> 16
  return mix(hash, 0)
}

/** 53 bits, so that among thousands no two texts share one by chance. */
export function longHash(text: string): number {
  return (hashText(text) >>> 0) * 0x20_0000 + (hashText(text, 1) >>> 11)
}

/** Two hashes into one that depends on every bit of both; for comparing only, since its low bits are the weaker ones. */
export function mix(hash: number, seed: number): number {
  const half = Math.imul(hash ^ seed, 0x85ebca6b)
  return Math.imul(half ^ (half >>> 15), 0xc2b2ae35)
}
