import type { ContractCase } from '../case.ts'
import { check, checkEqual } from '../check.ts'
import { existenceOf } from '../looks.ts'
import { begun, exited } from '../situations.ts'

export const exitCases: readonly ContractCase[] = [
  {
    id: 'exit-code-is-known',
    requires: ['programs'],
    because: 'failed and exited are told apart by it',
    async run(t) {
      for (const code of [0, 3]) {
        const { process } = await t.observe(await exited(t, code))
        check(process.known, 'the process of an agent with a program is known')
        checkEqual(process.value.exit, { code, signal: null }, `a program that exited with ${code} is seen to have`)
      }
    },
  },
  {
    id: 'exit-keeps-the-place',
    requires: ['programs'],
    because: 'what the program said last is read after its end, and stop removes it',
    async run(t) {
      const agent = await exited(t, 3)
      const word = await existenceOf(t, agent)
      checkEqual(word, 'present', 'an agent whose program ended by itself is present until it is stopped')
    },
  },
  {
    id: 'exit-is-not-guessed',
    requires: ['programs'],
    because: 'silence is no evidence of death',
    async run(t) {
      const { process } = await t.observe(await begun(t))
      check(process.known && process.value.alive, 'the process of a quiet agent is alive')
      checkEqual(process.value.exit, null, 'a living process has no exit')
    },
  },
]
