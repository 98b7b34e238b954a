import { join } from 'node:path'
import { BACKEND_API_VERSION, OrchError } from '@orch/core'
import { createProcessBackend } from './backend.js'
import { Client } from './client.js'

/** The contract version this backend speaks: orch refuses a module that speaks another one. */
export const apiVersion = BACKEND_API_VERSION

/** How long the supervisor may take to answer, in milliseconds, unless the option `answerMs` says otherwise. */
const ANSWER_MS = 4_000

/**
 * What orch calls with the backend's part of the configuration, unchecked. Nothing is started here.
 *
 * @param {import('@orch/core').JsonObject} options
 * @returns {import('@orch/core').BackendFactory}
 */
export function createBackend(options = {}) {
  const { module: _module, answerMs = ANSWER_MS, ...unknown } = options
  const [key] = [...Object.keys(unknown), ...(typeof answerMs === 'number' && answerMs > 0 ? [] : ['answerMs'])]
  if (key !== undefined)
    throw new OrchError('CONFIG_INVALID', `Cannot read option "${key}" of the process backend: it is not valid`, {
      hint: 'Use only "answerMs", a number of milliseconds',
    })
  return (host) => createProcessBackend(host, new Client(join(host.stateDirectory, host.name), Number(answerMs)))
}
