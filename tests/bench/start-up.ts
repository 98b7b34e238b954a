import { tmuxPlace } from '../stories/support/place.ts'
import type { Bench } from './support/bench.ts'
import { BARE_NODE, timeProcess } from './support/timed-process.ts'

export const startUp: Bench = {
  name: 'start-up',
  about: 'the command line that says its version, and its help',
  async *comparisons({ scope, orch }) {
    const place = await scope.use(tmuxPlace())
    const options = { env: place.env, cwd: place.project }
    const time = async (argv: readonly string[]): Promise<number> => (await timeProcess(argv, options)).ms
    const floor = { what: '`node -e 0`', measure: () => time(BARE_NODE) }
    yield {
      name: '`orch --version`',
      unit: 'ms',
      orch: { what: 'the whole process', measure: () => time(orch.argv('--version')) },
      floor,
      target: { ratio: 1.5 },
    }
    yield {
      name: '`orch status --help`',
      unit: 'ms',
      orch: { what: 'the whole process', measure: () => time(orch.argv('status', '--help')) },
      floor,
    }
  },
}
