import { describe, expect, it } from 'vitest'
import { LruMap } from './lru-map.ts'

describe('LruMap', () => {
  it('drops what was not used for longest, looks and changes counted as use', () => {
    const map = new LruMap<string, number>(3)
    for (const [index, key] of ['a', 'b', 'c'].entries()) map.set(key, index)
    map.get('a')
    map.set('b', 10)
    map.set('d', 3)
    expect(['a', 'b', 'c', 'd'].map((key) => map.get(key))).toEqual([0, 10, undefined, 3])
    expect(map.size).toBe(3)
  })

  it('forgets what is deleted, first, last or between', () => {
    for (const gone of ['a', 'b', 'c']) {
      const map = new LruMap<string, string>(3)
      for (const key of ['a', 'b', 'c']) map.set(key, key)
      map.delete(gone)
      map.delete('never there')
      map.set('d', 'd')
      const left = ['a', 'b', 'c', 'd'].filter((key) => map.get(key) !== undefined)
      expect(left).toEqual(['a', 'b', 'c', 'd'].filter((key) => key !== gone))
      // The order holds: the oldest that is left makes room.
      map.set('e', 'e')
      expect(map.get(left[0] ?? '')).toBeUndefined()
    }
  })

  it('drops all that are not wanted', () => {
    const map = new LruMap<number, number>(10)
    for (let key = 0; key < 6; key += 1) map.set(key, key % 2)
    map.deleteWhere((value) => value === 0)
    expect([0, 1, 2, 3, 4, 5].filter((key) => map.get(key) !== undefined)).toEqual([1, 3, 5])
  })
})
