import { describe, expect, it } from '@jest/globals'
import { parseProgramStatus } from '../../src/hooks/program-status.ts'

const noted = {
  pid: 9,
  procStart: '237774',
  status: 'waiting',
  statusUpdatedAt: 1_795_954_705_805,
  waitingFor: 'permission prompt',
}

describe('parseProgramStatus()', () => {
  it('reads what a process notes of itself', () => {
    expect(parseProgramStatus(JSON.stringify(noted), 237_774)).toEqual({
      status: 'waiting',
      at: 1_795_954_705_805,
      waitingFor: 'permission prompt',
    })
  })

  it('believes no note of another process, which stays when that is killed', () => {
    expect(parseProgramStatus(JSON.stringify(noted), 237_775)).toBeNull()
  })

  it.each(['', '{', '{}', 'null', JSON.stringify({ ...noted, status: 'dreaming' })])(
    'reads nothing from %j',
    (text) => {
      expect(parseProgramStatus(text, 237_774)).toBeNull()
    },
  )
})
