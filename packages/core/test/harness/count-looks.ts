import type { Backend } from '../../src/backend.ts'

/** A backend that notes of how many agents each bulk look was. */
export function countLooks(looks: number[]): (backend: Backend) => Backend {
  return (backend) => ({
    ...backend,
    observe: (agents, ...call) => {
      looks.push(agents.length)
      return backend.observe(agents, ...call)
    },
  })
}
