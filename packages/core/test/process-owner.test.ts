import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, it } from '@jest/globals'
import { eventually } from '../../../tests/harness/eventually.ts'
import { asGivenUp, currentOwner, identifyProcess, ownerLiveness } from '../src/process-owner.ts'

it('currentOwner() is this process, and alive', () => {
  expect(currentOwner()).toMatchObject({
    pid: process.pid,
    bootId: expect.any(String),
    startTime: expect.stringMatching(/^\d+$/),
  })
  expect(ownerLiveness(currentOwner())).toBe('alive')
})

it('ownerLiveness() sees a process that ended, also while it is a zombie', async () => {
  const child = spawn('sh', ['-c', 'sleep 60 & echo $!; wait'])
  const pid = Number(String((await once(child.stdout, 'data'))[0]))
  const owner = { ...currentOwner(), pid, startTime: startTimeOf(pid) }
  expect(ownerLiveness(owner)).toBe('alive')
  child.kill('SIGSTOP')
  process.kill(pid, 'SIGKILL')
  await eventually(() => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '), { what: 'a zombie' })
  expect(ownerLiveness(owner)).toBe('gone')
  child.kill('SIGKILL')
  await once(child, 'close')
  expect(ownerLiveness(owner)).toBe('gone')
})

it('ownerLiveness() is not fooled by a pid that was given to another process', () => {
  expect(ownerLiveness({ ...currentOwner(), startTime: '1' })).toBe('gone')
})

it('ownerLiveness() knows that a process of an earlier boot is gone', () => {
  expect(ownerLiveness({ ...currentOwner(), bootId: '00000000-0000-0000-0000-000000000000' })).toBe('gone')
})

it('ownerLiveness() cannot tell about another host', () => {
  expect(ownerLiveness({ ...currentOwner(), host: 'elsewhere', bootId: 'x', startTime: '1' })).toBe('unknown')
})

it('ownerLiveness() cannot tell about another container of this host, until the next boot; a record without one is of here', () => {
  const inside = { ...currentOwner(), pidNamespace: 'pid:[1]' }
  expect(currentOwner().pidNamespace).toMatch(/^pid:\[\d+\]$/)
  expect(identifyProcess(process.pid)).toEqual(currentOwner())
  expect(ownerLiveness(inside)).toBe('unknown')
  expect(ownerLiveness({ ...inside, startTime: '1' })).toBe('unknown')
  expect(ownerLiveness({ ...inside, bootId: '00000000-0000-0000-0000-000000000000' })).toBe('gone')
  const { pidNamespace, ...old } = currentOwner()
  expect([pidNamespace === undefined, ownerLiveness(old)]).toEqual([false, 'alive'])
  expect(ownerLiveness({ ...old, startTime: '1' })).toBe('gone')
})

it('asGivenUp() is gone wherever it is read', () => {
  for (const owner of [
    currentOwner(),
    { ...currentOwner(), host: 'elsewhere' },
    { ...currentOwner(), pidNamespace: 'x' },
  ])
    expect(ownerLiveness(asGivenUp(owner))).toBe('gone')
})

it('ownerLiveness() asks by pid alone where the system has no start times', () => {
  const unmarked = { ...currentOwner(), bootId: null, startTime: null }
  expect(ownerLiveness(unmarked)).toBe('alive')
  expect(ownerLiveness({ ...unmarked, pid: 1 })).toBe('alive')
  expect(ownerLiveness({ ...unmarked, pid: 2 ** 22 + 1 })).toBe('gone')
})

function startTimeOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] as string
}
