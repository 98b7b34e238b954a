import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { gitRepository } from '../../tests/harness/git-repository.ts'
import { openCodeEnvironment } from '../../tests/harness/open-code-environment.ts'
import { killProcesses, processesMatching, processesWithEnvironment } from '../../tests/harness/processes.ts'
import { startScriptedModel } from '../../tests/scripted-model/scripted-model.ts'

const PROJECT = {
  'package.json': `${JSON.stringify({ name: 'shop', version: '1.0.0', type: 'module', license: 'UNLICENSED' }, null, 2)}\n`,
  'price.js': 'export const withVat = (net) => net * 1.9\n',
  'price.test.js': [
    "import assert from 'node:assert/strict'",
    "import test from 'node:test'",
    "import { withVat } from './price.js'",
    '',
    "test('adds 19 percent', () => assert.equal(withVat(100), 119))",
    '',
  ].join('\n'),
  'tasks/fix-vat.md': [
    'VAT is 19 percent: fix price.js and run its test.',
    '',
    '[[answer: The factor is wrong, I will correct it.]]',
    '[[edit: price.js | net * 1.9 | net * 1.19]]',
    '[[shell: node --test --test-reporter=dot]]',
    '[[phase: Complete - price.js adds 19 percent, its test passes]]',
    '[[answer: Done: 1.9 is 1.19 now, and the test passes.]]',
    '',
  ].join('\n'),
  '.orch/config.json': `${JSON.stringify({ programs: { scribe: { command: 'scribe', promptBy: 'argument' } } }, null, 2)}\n`,
}

/**
 * A throw-away home with a git repository in it, `orch` and `scribe` on its PATH, and an OpenCode configuration that
 * knows one model, the scripted one, and asks before an edit. Closing it ends whatever is left running and removes all.
 */
export async function createStage(root) {
  const model = await startScriptedModel()
  const openCode = await openCodeEnvironment({ model, permission: { edit: 'ask' } }).catch(async (error) => {
    await model.close()
    throw error
  })
  const { env, bin, directory, mark } = openCode
  /** The processes of the demo that live: its environment, or a path in its home, gives them away. */
  const processes = async () => {
    const found = await Promise.all([processesWithEnvironment(mark.name, mark.value), processesMatching(env.HOME)])
    return [...new Map(found.flat().map((info) => [info.pid, info])).values()]
  }
  const close = async () => {
    await killProcesses(await processes())
    await openCode[Symbol.asyncDispose]()
    await model.close()
  }
  try {
    await symlink(join(root, 'packages/cli/bin/orch.js'), join(bin, 'orch'))
    await symlink(join(root, 'examples/scribe.mjs'), join(bin, 'scribe'))
    await gitRepository(directory, PROJECT)
  } catch (error) {
    await close()
    throw error
  }
  return { env, directory, processes, close }
}
