import { rm, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { openCodeEnvironment } from '../../tests/harness/open-code-environment.ts'
import { startOpenCode } from '../../tests/harness/start-open-code.ts'

/**
 * Asks a real server, in folders of its own, for its OpenAPI document.
 * @param command path of the OpenCode program; the npm package `opencode-ai` of this repository when there is none.
 */
export async function readDocument(command) {
  const model = { url: 'http://127.0.0.1:1/v1' }
  const environment = await openCodeEnvironment({ model })
  try {
    if (command !== undefined) await replaceProgram(environment, command)
    const server = await startOpenCode({ model, environment })
    const { version } = await server.call('GET', '/global/health')
    return { version, document: await server.call('GET', '/doc') }
  } finally {
    await environment[Symbol.asyncDispose]()
  }
}

async function replaceProgram({ bin }, command) {
  const program = join(bin, 'opencode')
  await rm(program)
  await symlink(resolve(command), program)
}
