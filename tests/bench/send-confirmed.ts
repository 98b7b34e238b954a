import { watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { SendDocument } from '@orch/core'
import type { Comparison, Stand } from './support/bench.ts'
import { timeProcess } from './support/timed-process.ts'
import type { TmuxStand } from './support/tmux-stand.ts'

/** `send` to one of the agents of a place, until its program has told that it has the text. */
export async function sendConfirmed({ progress }: Stand, tmux: TmuxStand): Promise<Comparison> {
  const states = JSON.parse((await tmux.orch('status', '--json', '--state', 'idle')).stdout)
  const [{ id }] = states.agents as [{ id: string }]
  progress(`sending to "${id}"`)
  const events = await tmux.eventsOf(id)
  const pane = await tmux.place.tmux.tmux('list-panes', '-t', `=orch:=${id}`, '-F', '#{pane_id}')
  let nth = 0
  return {
    name: `\`orch send\` to one of ${tmux.ids.length} tmux agents with hooks, confirmed`,
    unit: 'ms',
    orch: {
      what: 'the whole process, to its receipt, which says that the program has the text',
      measure: async () => {
        const { ms, stdout } = await tmux.orch('send', id, `Use OAuth ${++nth}`, '--json')
        const { receipt } = JSON.parse(stdout) as SendDocument
        if (receipt.delivery !== 'confirmed') throw new Error(`Cannot measure send: it is ${receipt.delivery}`)
        await endOfTurn(events, nth)
        return ms
      },
    },
    floor: {
      what: 'one `tmux` that pastes the text unless the pane is dead or scrolled, until the hook has told of it',
      measure: async () => {
        const text = `Use OAuth ${++nth}`
        const told = lineWith(events, `"prompt":"${text}"`)
        const before = performance.now()
        await timeProcess(guardedPaste(tmux.socket, pane), { ...tmux.options, input: text })
        const ms = (await told) - before
        await endOfTurn(events, nth)
        return ms
      },
    },
    target: { over: 60 },
  }
}

function guardedPaste(socket: string, pane: string): string[] {
  const paste = `paste-buffer -p -r -d -b bench -t ${pane} ; send-keys -t ${pane} Enter`
  const guard = ['if-shell', '-F', '-t', pane, '#{||:#{pane_dead},#{pane_in_mode}}', 'delete-buffer -b bench', paste]
  return ['tmux', '-S', socket, 'load-buffer', '-b', 'bench', '-', ';', ...guard]
}

/** Resolves to `performance.now()` when the file holds the text. */
async function lineWith(file: string, text: string): Promise<number> {
  await untilHolds(file, (content) => content.includes(text))
  return performance.now()
}

/** Resolves when the program has told of the end of the turn that the text with this number began. */
function endOfTurn(file: string, nth: number): Promise<void> {
  return untilHolds(file, (content) => content.split(`"prompt":"Use OAuth ${nth}"`)[1]?.includes('"Stop"') === true)
}

async function untilHolds(file: string, isThere: (content: string) => boolean): Promise<void> {
  const watcher = watch(dirname(file))
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => watcher.once('change', () => resolve()))
      if (isThere(await readFile(file, 'utf8'))) return
      await changed
    }
  } finally {
    watcher.close()
  }
}
