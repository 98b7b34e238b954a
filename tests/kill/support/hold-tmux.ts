import { randomUUID } from 'node:crypto'
import { access, mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { eventually } from '../../harness/eventually.ts'
import { processesMatching } from '../../harness/processes.ts'
import type { Place } from '../../stories/support/place.ts'
import type { Held, Hold } from './world.ts'

/** The tmux command by which a call is known. */
const COMMANDS: Readonly<Record<Held['does'], string>> = {
  create: 'new-window',
  type: 'paste-buffer',
  end: 'kill-pane',
}

/** Puts a tmux in front of the real one that waits before it becomes it, when it is given that command. */
export function holdTmux(place: Place): (what: Held) => Promise<Hold> {
  return async ({ does }) => {
    const folder = join(place.env.HOME as string, `hold-${randomUUID()}`)
    const released = join(folder, 'released')
    await mkdir(folder)
    const real = await pathOfTmux(place)
    const wait = `until [ -e '${released}' ]; do sleep 0.02; done`
    const script = `#!/bin/sh\ncase "$*" in *${COMMANDS[does]}*) ${wait} ;; esac\nexec '${real}' "$@"\n`
    await writeFile(join(folder, 'tmux'), script, { mode: 0o700 })
    return {
      env: { PATH: `${folder}${delimiter}${place.env.PATH}` },
      async release() {
        await writeFile(released, '')
        await eventually(async () => (await processesMatching(folder)).length === 0, { what: 'the held call' })
      },
    }
  }
}

async function pathOfTmux(place: Place): Promise<string> {
  for (const folder of (place.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, 'tmux')
    const isThere = await access(file).then(
      () => true,
      () => false,
    )
    if (isThere) return file
  }
  throw new Error('Cannot find tmux: it is not on PATH')
}
