import { findConfigProblem } from '../../packages/core/dist/config/schema.js'

const BACKENDS = {
  opencode: () => import('../../packages/backend-opencode/dist/index.js'),
  tmux: () => import('../../packages/backend-tmux/dist/index.js'),
}
const MARKED = /^<!-- configuration -->\n+```json\n([\s\S]*?)^```/gm

/** A block after `<!-- configuration -->` is one that orch and its backends accept. */
export async function configurationProblems(text) {
  const problems = [...text.matchAll(MARKED)].map(async ([, block]) => {
    const value = JSON.parse(block)
    const problem = findConfigProblem(value)
    if (problem !== null) return [`a configuration is not valid at "${problem.key}": ${problem.text}`]
    const found = await Promise.all(Object.entries(value.backends ?? {}).map(backendProblems))
    return found.flat()
  })
  return (await Promise.all(problems)).flat()
}

async function backendProblems([name, options]) {
  if (options.module !== undefined) return []
  if (BACKENDS[name] === undefined) return [`a configuration names the backend "${name}"`]
  const { createBackend } = await BACKENDS[name]()
  try {
    createBackend(options)
    return []
  } catch (error) {
    return [`a configuration is not valid: ${error.message}`]
  }
}
