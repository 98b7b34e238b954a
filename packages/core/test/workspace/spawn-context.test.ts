import { execFileSync } from 'node:child_process'
import { expect, it } from '@jest/globals'
import { shellQuote, spawnContextText } from '../../src/workspace/spawn-context.ts'

const CONTEXT = {
  id: 'fix-login-7k3q',
  task: '  Fix the login\n\nWith care.\n',
  project: "/home/a b/it's here",
  directory: '/trees/login',
  workspace: '/project/.orch/workspace/fix-login-7k3q',
  command: null,
}

it('spawnContextText() holds the whole task first, and where everything is', () => {
  const text = spawnContextText(CONTEXT)
  expect(text.startsWith('Fix the login\n\nWith care.\n')).toBe(true)
  for (const part of [CONTEXT.id, CONTEXT.project, CONTEXT.directory, `${CONTEXT.workspace}/WORKSPACE.md`])
    expect(text).toContain(part)
  expect(text).toContain('Phase: NAME - NOTE')
})

it('spawnContextText() prints the literal command, which a shell runs as it is meant', () => {
  const command = ['/opt/node 20/bin/node', "/it's/orch.js"]
  const text = spawnContextText({ ...CONTEXT, command })
  const line = /```sh\n(.*)\n```/.exec(text)?.[1] as string
  const words = execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
  const flags = ['--note', 'NOTE', '--id', CONTEXT.id, '--project', CONTEXT.project]
  expect(words).toEqual([...command, 'phase', 'PHASE', ...flags])
  expect(text).not.toContain('Phase: NAME - NOTE')
})

it('shellQuote() makes one word of any text', () => {
  for (const text of ['', 'a b', "it's", '$(touch x)', '`x`', 'a\nb', '\\', '"', '*', '-n'])
    expect(execFileSync('sh', ['-c', `printf '%s|' ${shellQuote(text)}`], { encoding: 'utf8' })).toBe(`${text}|`)
})
