import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { perTest } from '../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'
import { page } from '../src/pager.ts'

const scope = perTest()

it('page() gives the text to the pager of the user, whose words no shell reads', async () => {
  const { path } = await scope.use(temporaryFolder())
  const [program, shown] = [join(path, 'a pager'), join(path, 'shown')]
  writeFileSync(program, '#!/bin/sh\necho "$LESS $2" >"$1"; cat >>"$1"\n', { mode: 0o755 })
  const text = 'line\n'.repeat(100_000)
  expect(await page(text, { ...process.env, PAGER: 'no', GIT_PAGER: `"${program}" '${shown}' '$HOME'` })).toBe(true)
  expect(readFileSync(shown, 'utf8')).toBe(`FRX $HOME\n${text}`)
})

it.each(['cat', '', '/not/there --x'])('page() shows nothing with the pager "%s"', async (pager) => {
  expect(await page('text', { PAGER: pager })).toBe(false)
})

it('page() is fine with a pager that ends before it has read all', async () => {
  expect(await page('line\n'.repeat(100_000), { ...process.env, PAGER: 'true' })).toBe(true)
})
