import { describe, expect, it } from '@jest/globals'
import { confusionTable } from './confusion.ts'
import { readCorpus } from './corpus.ts'
import { replay } from './situation.ts'

const corpus = readCorpus()

describe('what is derived of a recorded situation', () => {
  it('is of enough situations', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(60)
  })

  it.each(corpus)('$name is $truth', ({ truth, situation }) => {
    expect(replay(situation).state).toBe(truth)
  })

  it.each(corpus)('$name is explained', ({ situation }) => {
    const { reason, chain } = replay(situation)
    const lines = chain.map(({ source, detail, reason: why }) => `${why?.code ?? 'decided'}: ${source}, ${detail}`)
    expect([reason, ...lines].join('\n')).toMatchSnapshot()
    expect(chain.some(({ reason: why }) => why === null)).toBe(true)
  })
})

describe('confusionTable()', () => {
  it('counts what was derived where something else was true', () => {
    const one = { name: 'a', truth: 'idle', derived: 'working' } as const
    expect(confusionTable([one, one, { ...one, derived: 'idle' }])).toBe(
      ['true \\ derived       idle  working', 'idle                    1        2'].join('\n'),
    )
  })
})
