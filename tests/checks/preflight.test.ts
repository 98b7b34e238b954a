import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { runScript } from './run-script.ts'
import { temporaryFolder, writeFiles } from './temporary-folder.ts'

const program = (output: string): string => `#!/bin/sh\necho '${output}'\n`

function preflight(programs: Record<string, string>): ReturnType<typeof runScript> {
  const folder = temporaryFolder()
  writeFiles(folder, programs)
  for (const name of Object.keys(programs)) chmodSync(join(folder, name), 0o755)
  return runScript('preflight.mjs', [], { PATH: folder })
}

describe('preflight', () => {
  it.each(['tmux 3.3', 'tmux 3.3a', 'tmux 3.10', 'tmux next-3.6', 'tmux 4.0', 'tmux openbsd-7.4', 'tmux master'])(
    'says nothing when git and %s are there',
    (version) => {
      expect(preflight({ tmux: program(version), git: program('git version 2.39.5') })).toEqual({
        status: 0,
        output: '',
      })
    },
  )

  it('names what is missing and the one command that installs it', () => {
    const { status, output } = preflight({ brew: program('Homebrew 4.4.0') })
    expect(output).toBe('Cannot start: tmux is missing, git is missing. Install them with:\n  brew install tmux git\n')
    expect(status).toBe(1)
  })

  it('refuses a tmux older than 3.3', () => {
    const { status, output } = preflight({ tmux: program('tmux 3.2a'), git: program('git version 2.39.5') })
    expect(output).toContain('Cannot start: "tmux 3.2a" is older than tmux 3.3. Install them with:')
    expect(status).toBe(1)
  })
})
