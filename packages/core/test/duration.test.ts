import { expect, it } from '@jest/globals'
import { parseDuration } from '../src/duration.ts'

it.each([
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['250ms', 250],
  ['1h2m3s4ms', 3_723_004],
  ['90m', 5_400_000],
  ['5m250ms', 300_250],
  ['576h', 2_073_600_000],
])('parseDuration() reads %s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

it.each([
  '',
  '0s',
  '30',
  's',
  '1.5h',
  '-5s',
  '5 m',
  ' 5m',
  '5m ',
  '5M',
  '30s5m',
  '5s5s',
  '1d',
  '600h',
  '9'.repeat(400),
  `${'9'.repeat(400)}s`,
  'NaN',
  '0x5s',
])('parseDuration() refuses %j and says how to write it', (text) => {
  expect(() => parseDuration(text)).toThrow(
    expect.objectContaining({ code: 'BAD_DURATION', hint: expect.stringContaining('1h30m') }),
  )
})
