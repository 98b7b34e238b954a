import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { BENCHES } from './support/benches.ts'
import { renderMarkdown } from './support/render.ts'
import type { Report } from './support/report.ts'

const docs = join(import.meta.dirname, '../../docs')

it('docs/bench.md is the rendering of docs/bench.json, which holds a whole run', async () => {
  const report = JSON.parse(await readFile(join(docs, 'bench.json'), 'utf8')) as Report
  expect(await readFile(join(docs, 'bench.md'), 'utf8')).toBe(renderMarkdown(report))
  expect([...new Set(report.results.map(({ bench }) => bench))]).toEqual(BENCHES.map(({ name }) => name))
  expect([report.quick, report.repetitions >= 11]).toEqual([false, true])
})
