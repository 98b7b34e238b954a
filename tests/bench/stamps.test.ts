import { expect, it } from '@jest/globals'
import { parseScript } from '../scripted-model/script.ts'
import { stampReader } from './support/stamps.ts'

it('stampReader() takes the age of each stamp at its first coming, from text in any pieces', () => {
  const written = process.hrtime.bigint() - 5_000_000n
  const text = `Some text @${written};@${written + 1n}; and @no;`
  const reader = stampReader()
  for (const character of text) reader.read(character)
  reader.read(text)
  expect(reader.ages()).toHaveLength(2)
  for (const age of reader.ages()) expect([age >= 4.9, age < 60_000]).toEqual([true, true])
  reader.forget()
  expect(reader.ages()).toEqual([])
})

it('the marker of the scripted model says how many, and how far apart', () => {
  expect(parseScript('[[stamps: 100, 30]]')).toEqual([{ kind: 'stamps', chunks: 100, delayMs: 30 }])
})
