import { describe, expect, it } from '@jest/globals'
import { startRequest } from '../../src/hooks/start-screens.ts'

/** As the real programs drew them. */
const TRUST = `
 Accessing workspace:
 /tmp/project
 Claude Code'll be able to read, edit, and execute files here.
 ❯ No, exit
   Yes, I trust
   this folder
`
const FOLDER = `
  Folder access
  Trust this folder? Codex can read, edit, and run files here, subject to your permission settings.
› 1. Trust and continue
`
const BYPASS = `
  WARNING: Claude Code running in Bypass Permissions mode
  ❯ No, exit
    Yes, I accept
`
const HOOKS = `
  Hooks need review
  3 hooks are new or changed.
› 1. Review hooks
`

describe('startRequest()', () => {
  it.each([
    ['claude', TRUST, 'startup-trust'],
    ['claude', BYPASS, 'startup-bypass'],
    ['codex', HOOKS, 'startup-hooks'],
    ['codex', FOLDER, 'startup-trust'],
  ])('knows a screen of %s that a person must answer', (program, screen, id) => {
    expect(startRequest(program, screen)).toMatchObject({ id, kind: 'startup', answerable: false })
  })

  it('knows no screen of another program, and none that asks nothing', () => {
    expect(startRequest('codex', TRUST)).toBeNull()
    expect(startRequest('claude', ' ❯ \n')).toBeNull()
    expect(startRequest('other', TRUST)).toBeNull()
  })
})
