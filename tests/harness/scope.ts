import { afterAll, afterEach } from '@jest/globals'
import { createScope, type Scope } from './create-scope.ts'

export type { Scope } from './create-scope.ts'

/** A scope that ends after each test of this file, passed or failed. Call it where `beforeEach` would stand. */
export function perTest(): Scope {
  const { scope, end } = createScope()
  afterEach(end)
  return scope
}

/** A scope that ends after the last test of this file or `describe` block. */
export function perFile(): Scope {
  const { scope, end } = createScope()
  afterAll(end)
  return scope
}
