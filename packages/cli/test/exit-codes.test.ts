import { describe, expect, it } from '@jest/globals'
import { ERROR_CODES, type ErrorInfo } from '@orch/core'
import { batchExitCode, DELIVERY_EXIT_CODES, ERROR_EXIT_CODES, WAIT_EXIT_CODES } from '../src/exit-codes.ts'

describe('exit codes', () => {
  it('has one for every error', () => {
    expect(Object.keys(ERROR_EXIT_CODES).sort()).toEqual([...Object.keys(ERROR_CODES), 'UNEXPECTED'].sort())
  })

  it('is API: these numbers do not change', () => {
    expect({ ERROR_EXIT_CODES, WAIT_EXIT_CODES, DELIVERY_EXIT_CODES }).toMatchSnapshot()
  })
})

describe('batchExitCode()', () => {
  const good = { ok: true, stop: { proven: true }, error: null }
  const unverified = { ok: false, stop: null, error: null }
  const unproven = { ok: false, stop: { proven: false }, error: null }
  const error: ErrorInfo = { code: 'BACKEND_UNREACHABLE', message: '', outcome: 'none', retryable: true }
  const unreachable = { ok: false, stop: null, error }

  it.each([
    ['all went well', [good, good], 0],
    ['a check failed', [unverified], 40],
    ['the end is not proven', [unproven], 41],
    ['an error has its own', [unreachable], 69],
    ['some went well', [good, unproven], 45],
    ['none went well: the lowest', [unreachable, unproven, unverified], 40],
  ])('%s', (_name, results, code) => {
    expect(batchExitCode(results)).toBe(code)
  })
})
