import { mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../../tests/harness/temporary-folder.ts'
import { currentOwner } from '../../src/process-owner.ts'
import { type Claims, createFileClaims, giveBack, hintForHeld, takeOver } from '../../src/registry/claims.ts'

const scope = perTest()
const GONE = { ...currentOwner(), startTime: '1' }
const ELSEWHERE = { ...currentOwner(), host: 'elsewhere' }
let directory: string
let claims: Claims

beforeEach(async () => {
  directory = join((await scope.use(temporaryFolder())).path, 'claims')
  claims = createFileClaims(directory)
})

describe('create() and latest()', () => {
  it('are numbered generations, each of which is made once', () => {
    expect(claims.latest('key')).toBeNull()
    expect(claims.create('key', 1, 'one')).toBe(true)
    expect(claims.create('key', 1, 'other')).toBe(false)
    expect(claims.latest('key')).toMatchObject({ generation: 1, content: 'one' })
    expect(claims.create('key', 2, 'two')).toBe(true)
    for (let generation = 3; generation <= 12; generation++) claims.create('key', generation, `${generation}`)
    expect(claims.latest('key')).toMatchObject({ generation: 12, content: '12' })
    expect(claims.create('key', 1, 'again')).toBe(false)
  })

  it.each(['../../up', '/etc/passwd', 'a/b', 'a\0b', '', 'x'.repeat(10_000), '修复'])('take any name: %j', (name) => {
    expect(claims.create(name, 1, 'mine')).toBe(true)
    expect(claims.latest(name)).toMatchObject({ generation: 1, content: 'mine' })
    expect(claims.latest(`${name} `)).toBeNull()
    expect(readdirSync(directory)).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.1$/)])
  })

  it('are for their owner only, and leave no scratch file', () => {
    claims.create('key', 1, 'one')
    claims.create('key', 1, 'one')
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    expect(readdirSync(directory).map((name) => statSync(join(directory, name)).mode & 0o777)).toEqual([0o600])
  })

  it('say so when the directory cannot be used', () => {
    writeFileSync(`${directory}-file`, '')
    expect(() => createFileClaims(`${directory}-file`)).toThrow(expect.objectContaining({ code: 'DISK' }))
    renameSync(directory, `${directory}-moved`)
    expect(() => claims.create('key', 1, 'one')).toThrow(expect.objectContaining({ code: 'DISK' }))
    expect(() => claims.latest('key')).toThrow(expect.objectContaining({ code: 'DISK' }))
  })

  it('do not take a strange file for a generation', () => {
    claims.create('key', 1, 'one')
    const [name = ''] = readdirSync(directory)
    for (const tail of ['x', '1.5', '', '-1', '2~']) writeFileSync(join(directory, `${name.slice(0, -1)}${tail}`), '')
    mkdirSync(join(directory, 'folder'))
    expect(claims.latest('key')).toMatchObject({ generation: 1, content: 'one' })
  })
})

describe('takeOver()', () => {
  it.each([
    ['nobody', null, true],
    ['a dead process', GONE, true],
    ['a process of an earlier boot', { ...currentOwner(), bootId: 'before' }, true],
    ['a living process', currentOwner(), false],
    ['a process of another host', ELSEWHERE, false],
  ])('from %s, who never claimed: %j', (_, first, taken) => {
    expect(takeOver(claims, 'begin', first)).toBe(taken)
    const expected = { generation: 1, content: JSON.stringify(currentOwner()), place: expect.any(String) }
    expect(claims.latest('begin')).toEqual(taken ? expected : null)
  })

  it('happens once: the one who took over lives', () => {
    expect(takeOver(claims, 'begin', null)).toBe(true)
    expect(takeOver(claims, 'begin', null)).toBe(false)
    expect(takeOver(claims, 'begin', GONE)).toBe(false)
  })

  it('asks the newest claimer, not the first owner', () => {
    claims.create('begin', 1, JSON.stringify(GONE))
    claims.create('begin', 2, JSON.stringify(ELSEWHERE))
    expect(takeOver(claims, 'begin', GONE)).toBe(false)
    claims.create('begin', 3, JSON.stringify(GONE))
    expect(takeOver(claims, 'begin', currentOwner())).toBe(true)
    expect(claims.latest('begin')?.generation).toBe(4)
  })

  it.each(['null', '{}', '[]', '{"pid":"1"}'])('never from a claim that is whole and names nobody: %j', (content) => {
    claims.create('begin', 1, content)
    expect(takeOver(claims, 'begin', null)).toBe(false)
  })

  it('once from a claim that a power loss cut at any byte or filled with zeros, and never from a whole one', () => {
    const whole = JSON.stringify(currentOwner())
    const zeros = '\0'.repeat(whole.length)
    const cuts = Array.from({ length: whole.length }, (_, bytes) => whole.slice(0, bytes))
    for (const [index, content] of [...cuts, zeros].entries()) {
      claims.create(`claim ${index}`, 1, content)
      const taken = [1, 2].map(() => takeOver(claims, `claim ${index}`, null))
      expect([content, taken]).toEqual([content, [true, false]])
    }
    claims.create('whole', 1, whole)
    expect(takeOver(claims, 'whole', null)).toBe(false)
  })

  it('never from a process of another container, which is named with its claim', () => {
    claims.create('begin', 1, JSON.stringify({ ...GONE, pidNamespace: 'pid:[1]' }))
    expect(takeOver(claims, 'begin', null)).toBe(false)
    expect(hintForHeld(claims, 'begin')).toBe(
      `It is claimed by process ${process.pid} on host "${hostname()}", in another container or on another machine, which cannot be seen from here; once that has ended, remove "${claims.latest('begin')?.place}"`,
    )
    claims.create('mine', 1, JSON.stringify(currentOwner()))
    expect(hintForHeld(claims, 'mine')).toBe('Run the same command again once that has ended')
  })

  it('is possible again once it was given back, for one', () => {
    expect(takeOver(claims, 'answer', null)).toBe(true)
    giveBack(claims, 'answer')
    expect(takeOver(claims, 'answer', null)).toBe(true)
    expect(takeOver(claims, 'answer', null)).toBe(false)
    expect(claims.latest('answer')?.generation).toBe(3)
  })
})
