#!/usr/bin/env node
import { spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/**
 * A small interactive program that behaves like an agent in a terminal, with no model behind it: it takes its task as
 * its argument, asks one question on its own page, reads the answer from its keyboard, and changes one file.
 * It reports by the command that stands in its task, word for word.
 */
const context = process.argv[2] ?? ''
const { ORCH_WORKSPACE: workspace = '.' } = process.env
const reportCommand = context.split('\n').find((line) => / phase PHASE --note NOTE --id /.test(line)) ?? 'false'
const keyboard = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

function report(phase, note) {
  const call = reportCommand.replace(' PHASE ', ' "$1" ').replace(' NOTE ', ' "$2" ')
  const { status } = spawnSync('/bin/sh', ['-c', call, 'sh', phase, note], { stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) process.exit(1)
}

function licensed(text, license) {
  const manifest = JSON.parse(text)
  return `${JSON.stringify({ ...manifest, license }, null, 2)}\n`
}

console.log(`scribe: ${context.split('\n')[0]}`)
report('Planning', 'which licence is it to be')
appendFileSync(join(workspace, 'WORKSPACE.md'), 'QUESTION: Which licence, MIT or Apache-2.0?\n')
console.log('scribe: I asked on my page and wait')

const { value: license } = await keyboard.next()
writeFileSync('package.json', licensed(readFileSync('package.json', 'utf8'), license))
console.log(`scribe: package.json says ${license} now`)
report('Complete', `the licence is ${license}`)

for await (const line of keyboard) console.log(`scribe: I am done, and read "${line}"`)
