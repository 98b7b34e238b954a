import { describe, expect, it } from '@jest/globals'
import { ERROR_CODES, fileError, isOrchError, OrchError, withContext } from '../src/errors.ts'

describe('OrchError', () => {
  it('did nothing and is not worth a second try, unless it says so', () => {
    const error = new OrchError('BUSY', 'Cannot do it: busy')
    expect(error).toMatchObject({
      name: 'OrchError',
      code: 'BUSY',
      message: 'Cannot do it: busy',
      outcome: 'none',
      retryable: false,
    })
    expect(error).toBeInstanceOf(Error)
    expect(error.stack).toContain('errors.test')
  })

  it('is recognised across copies of core, and nothing else is', () => {
    const other = Object.defineProperty(new Error('x'), Symbol.for('@orch/core/OrchError'), { value: true })
    expect([new OrchError('BUSY', 'x'), other].map(isOrchError)).toEqual([true, true])
    for (const value of [new Error('x'), { code: 'BUSY' }, 'BUSY', null, undefined, 7])
      expect(isOrchError(value)).toBe(false)
  })

  it('keeps what its thrower knew when it is given more', () => {
    const cause = new Error('deep')
    const error = new OrchError('BUSY', 'x', { agent: 'a', hint: 'h', outcome: 'partial', retryable: true, cause })
    expect(withContext(error, { agent: 'b', backend: 'c' })).toMatchObject({
      agent: 'a',
      backend: 'c',
      hint: 'h',
      outcome: 'partial',
      retryable: true,
      cause,
    })
  })
})

it.each([
  ['EACCES', 'PERMISSION_DENIED'],
  ['EPERM', 'PERMISSION_DENIED'],
  ['ENOSPC', 'DISK'],
  ['EDQUOT', 'DISK'],
  ['EROFS', 'DISK'],
  ['EIO', 'DISK'],
  ['EEXIST', 'WORKSPACE_UNWRITABLE'],
  ['ENOTDIR', 'WORKSPACE_UNWRITABLE'],
  [undefined, 'WORKSPACE_UNWRITABLE'],
])('fileError() of %s is %s', (code, expected) => {
  const cause = Object.assign(new Error('x'), { code })
  const error = fileError(cause, 'Cannot write "x"', 'WORKSPACE_UNWRITABLE')
  expect(error).toMatchObject({ code: expected, cause, hint: expect.any(String) })
  expect(error.message).toBe(code === undefined ? 'Cannot write "x"' : `Cannot write "x" (${code})`)
})

it('every error code has a sentence', () => {
  for (const [code, text] of Object.entries(ERROR_CODES)) {
    expect(code).toMatch(/^[A-Z][A-Z_]+$/)
    expect(text).toMatch(/^[A-Z].*[^.]$/)
  }
})
