import { describe, expect, it } from '@jest/globals'
import { tagOf, uniqueId } from '../src/unique.ts'

describe('uniqueId()', () => {
  it('is a random UUID, never the same twice', () => {
    const ids = Array.from({ length: 2000 }, uniqueId)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(new Set(ids).size).toBe(2000)
    const digits = ids.map((id) => id.replaceAll('-', ''))
    for (const place of Array.from({ length: 32 }, (_, at) => at).filter((at) => at !== 12 && at !== 16))
      expect(new Set(digits.map((text) => text[place])).size).toBe(16)
  })
})

describe('tagOf()', () => {
  it('is always the same for a text, and another for each other one', () => {
    const published = { '': 0xcbf29ce484222325n, a: 0xaf63dc4c8601ec8cn, foobar: 0x85944171f73967e8n }
    for (const [text, hash] of Object.entries(published))
      expect(tagOf(text)).toBe(BigInt.asUintN(48, hash ^ (hash >> 48n)).toString(16))
    const tags = Array.from({ length: 20_000 }, (_, nth) => tagOf(`host\0/home/user${nth}/.local/state/orch`))
    expect(new Set(tags).size).toBe(20_000)
    for (const tag of tags) expect(tag).toMatch(/^[0-9a-f]{12}$/)
  })
})
