import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { Credentials } from './credentials.ts'
import { type ApiKeySource, Profile } from './profile.ts'

const HOUR_MS = 3_600_000

/** A profile whose key is fetched under the test's hand: each fetch waits until it is let go. */
class Vault {
  readonly clock = new VirtualClock()
  readonly outcomes: string[] = []
  readonly credentials = new Credentials(this.clock, (id, outcome) => this.outcomes.push(`${id} ${outcome}`))
  readonly profile: Profile
  /** Fetches that were begun. */
  fetches = 0
  lifeMs: number
  /** What the next fetches do, besides taking their time. */
  isSealed = false
  tookMs = 0
  /** Every fetch gives a key of its own, unless it is told to give the same. */
  fixedKey: string | undefined

  constructor(lifeMs = HOUR_MS) {
    this.lifeMs = lifeMs
    this.profile = new Profile({ id: 'p:a', apiKey: this.#source })
  }

  readonly #source: ApiKeySource = async () => {
    this.fetches += 1
    const value = this.fixedKey ?? `key-${this.fetches}`
    const { isSealed } = this
    if (this.tookMs > 0) await this.clock.sleep(this.tookMs)
    if (isSealed) throw new Error('the vault is sealed')
    return { value, expiresAt: this.clock.now() + this.lifeMs }
  }

  /** The key as a request gets it that comes now, and whether it had to wait. */
  async ask(): Promise<{ readonly key: string | undefined; readonly waited: boolean }> {
    const key = this.credentials.keyOf(this.profile)
    if (typeof key !== 'object') return { key, waited: false }
    return { key: await this.clock.runUntil(key), waited: true }
  }
}

describe('a fetched key', () => {
  it('is fetched once for all who wait for it, and kept', async () => {
    const vault = new Vault()
    vault.tookMs = 500
    const waiting = Array.from({ length: 20 }, () => vault.credentials.keyOf(vault.profile))
    await vault.clock.advance(500)
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['key-1']))
    expect(await vault.ask()).toEqual({ key: 'key-1', waited: false })
    expect(vault.fetches).toBe(1)
  })

  it('is kept for good where it does not expire', async () => {
    const vault = new Vault(Number.POSITIVE_INFINITY)
    await vault.ask()
    await vault.clock.advance(1_000 * 24 * HOUR_MS)
    expect(await vault.ask()).toEqual({ key: 'key-1', waited: false })
    expect(vault.fetches).toBe(1)
  })

  it.each([
    ['a long life: when less than a minute is left', HOUR_MS, HOUR_MS - 60_000],
    ['a short one: when less than a fifth is left', 100_000, 80_000],
    ['a very short one likewise', 10_000, 8_000],
  ])('is fetched anew early. %s', async (_, lifeMs, refreshAt) => {
    const vault = new Vault(lifeMs)
    await vault.ask()
    vault.tookMs = 500
    await vault.clock.advance(refreshAt - 1)
    expect(await vault.ask()).toEqual({ key: 'key-1', waited: false })
    expect(vault.fetches).toBe(1)
    await vault.clock.advance(1)
    // Nobody waits for it: the old key serves until the new one is here.
    for (let request = 0; request < 5; request += 1) {
      expect(await vault.ask()).toEqual({ key: 'key-1', waited: false })
    }
    expect(vault.fetches).toBe(2)
    await vault.clock.advance(500)
    expect(await vault.ask()).toEqual({ key: 'key-2', waited: false })
    expect(vault.outcomes).toEqual(['p:a refreshed', 'p:a refreshed'])
  })

  it('is fetched only when somebody needs it, and starts no timer of its own', async () => {
    const vault = new Vault()
    await vault.ask()
    expect(vault.clock.pendingTimers).toBe(0)
    await vault.clock.advance(10 * HOUR_MS)
    expect(vault.fetches).toBe(1)
    expect(await vault.ask()).toEqual({ key: 'key-2', waited: true })
    expect(vault.clock.pendingTimers).toBe(0)
  })

  it('does not serve where it would expire on the way', async () => {
    const vault = new Vault()
    await vault.ask()
    await vault.clock.advance(HOUR_MS - 10_000)
    expect(await vault.ask()).toEqual({ key: 'key-2', waited: true })
  })

  it('harms nobody where an early fetch fails, and is fetched again with a back-off', async () => {
    const vault = new Vault()
    await vault.ask()
    await vault.clock.advance(HOUR_MS - 60_000)
    vault.isSealed = true
    const fetchedAtMs: number[] = []
    for (let ms = 0; ms < 15_000; ms += 100) {
      const before = vault.fetches
      expect(await vault.ask()).toEqual({ key: 'key-1', waited: false })
      if (vault.fetches > before) fetchedAtMs.push(ms)
      await vault.clock.advance(100)
    }
    expect(fetchedAtMs).toEqual([0, 1_000, 3_000, 7_000])
    expect(vault.outcomes.slice(1)).toEqual(Array(4).fill('p:a failed'))
    vault.isSealed = false
    expect(await vault.ask()).toEqual({ key: 'key-1', waited: false })
    await vault.clock.advance(0)
    expect(await vault.ask()).toMatchObject({ waited: false, key: expect.not.stringMatching(/^key-1$/) })
  })

  it('is a failure of authentication where there is no valid one, and the next request asks again', async () => {
    const vault = new Vault()
    vault.isSealed = true
    const error = await vault.ask().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'PROVIDER_ERROR', reason: 'auth' })
    vault.isSealed = false
    expect(await vault.ask()).toEqual({ key: 'key-2', waited: true })
    expect(vault.outcomes).toEqual(['p:a failed', 'p:a refreshed'])
  })

  it('is not waited for longer than ten seconds, and other profiles do not wait at all', async () => {
    const vault = new Vault()
    vault.tookMs = HOUR_MS
    const stuck = Promise.resolve(vault.credentials.keyOf(vault.profile)).catch((error: unknown) => error)
    const other = new Profile({ id: 'p:b', apiKey: async () => 'other' })
    expect(await vault.credentials.keyOf(other)).toBe('other')
    await vault.clock.advance(9_999)
    vault.tookMs = 0
    await vault.clock.advance(1)
    expect(await stuck).toMatchObject({ reason: 'auth', cause: { message: 'it did not come within 10000 ms' } })
    expect(await vault.ask()).toEqual({ key: 'key-2', waited: true })
  })

  it('serves while an early fetch is stuck, and is waited for once it has expired', async () => {
    const vault = new Vault()
    await vault.ask()
    await vault.clock.advance(HOUR_MS - 15_000)
    vault.tookMs = 9_000
    expect(await vault.ask()).toEqual({ key: 'key-1', waited: false })
    await vault.clock.advance(5_000)
    const before = vault.clock.now()
    expect(await vault.ask()).toEqual({ key: 'key-2', waited: true })
    expect(vault.clock.now() - before).toBe(4_000)
    expect(vault.fetches).toBe(2)
  })
})

describe('a fetched key that was refused', () => {
  it('is fetched anew once, however many requests were refused with it', async () => {
    const vault = new Vault()
    await vault.ask()
    vault.tookMs = 500
    for (let request = 0; request < 10; request += 1) vault.credentials.wasRefused(vault.profile, ['key-1'])
    const waiting = Array.from({ length: 10 }, () => vault.credentials.keyOf(vault.profile))
    await vault.clock.advance(500)
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['key-2']))
    // Requests that were under way with the old key say nothing of the new one.
    vault.credentials.wasRefused(vault.profile, ['key-1'])
    expect(await vault.ask()).toEqual({ key: 'key-2', waited: false })
    expect(vault.fetches).toBe(2)
  })

  it('is fetched at most once a second where the new one is the same', async () => {
    const vault = new Vault()
    vault.fixedKey = 'revoked'
    await vault.ask()
    for (let ms = 0; ms < 3_000; ms += 50) {
      vault.credentials.wasRefused(vault.profile, ['revoked'])
      expect(await vault.ask()).toEqual({ key: 'revoked', waited: ms % 1_000 === 0 })
      await vault.clock.advance(50)
    }
    expect(vault.fetches).toBe(4)
  })

  it('is not given out again where the fetch of another failed', async () => {
    const vault = new Vault()
    await vault.ask()
    vault.credentials.wasRefused(vault.profile, ['key-1'])
    vault.isSealed = true
    for (let ms = 0; ms < 3_000; ms += 100) {
      await expect(vault.ask()).rejects.toMatchObject({ reason: 'auth' })
      await vault.clock.advance(100)
    }
    expect(vault.fetches).toBe(4)
    vault.isSealed = false
    expect(await vault.ask()).toEqual({ key: 'key-5', waited: true })
  })
})

it('tells no key in an error', async () => {
  const vault = new Vault()
  vault.fixedKey = 'sk-very-secret-0123456789'
  await vault.ask()
  vault.credentials.wasRefused(vault.profile, ['sk-very-secret-0123456789'])
  vault.isSealed = true
  const error = await vault.ask().catch((reason: unknown) => reason)
  expect(JSON.stringify([error, String(error), String((error as Error).cause)])).not.toContain('very-secret')
  expect(vault.outcomes.join()).not.toContain('very-secret')
})
