import { describe, expect, it } from '@jest/globals'
import { startRequest } from '../../src/hooks/start-screens.ts'

/** As the real programs drew them. */
const TRUST = `
 Accessing workspace:
 Quick safety check: Is this a project you created or one you trust?
 /tmp/project
 Claude Code'll be able to read, edit, and execute files here.
 ❯ No, exit
   Yes, I trust this folder
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
  2. Trust all and continue
  3. Continue without trusting (hooks won't run)
`

const UPDATE = `
  Update available · 0.169.0 → 9.9.9
  Release notes: https://github.com/openai/codex/releases/latest
› 1. Update now (runs \`npm install -g @openai/codex\`)
  2. Skip
  3. Skip until next version
  enter continue · esc skip
`

describe('startRequest()', () => {
  it.each([
    ['claude', TRUST, 'startup-trust', ['allow', 'deny']],
    ['claude', BYPASS, 'startup-bypass', ['allow', 'deny']],
    ['codex', FOLDER, 'startup-trust', ['allow']],
    ['codex', HOOKS, 'startup-hooks', ['trust', 'skip']],
    ['codex', UPDATE, 'startup-update', ['skip', 'later']],
  ])('knows a screen of %s that a person must answer', (program, screen, id, choices) => {
    const request = startRequest(program, screen)
    expect(request).toMatchObject({ id, kind: 'startup', answerable: true })
    expect(request?.choices.map((choice) => choice.id)).toEqual(choices)
  })

  it.each([
    ['in another order', HOOKS.replace('2. Trust all and', '2. Delete all and')],
    ['with a choice in two rows', HOOKS.replace(' and continue', '\n     and continue')],
  ])('lets nothing be chosen in a screen that is written %s', (_, screen) => {
    expect(startRequest('codex', screen)).toMatchObject({ id: 'startup-hooks', answerable: false, choices: [] })
  })

  it('lets nobody log in from outside', () => {
    expect(startRequest('codex', '> 1. Sign in with ChatGPT')).toMatchObject({ answerable: false, choices: [] })
  })

  it('knows no screen of another program, and none that asks nothing', () => {
    expect(startRequest('codex', TRUST)).toBeNull()
    expect(startRequest('claude', ' ❯ \n')).toBeNull()
    expect(startRequest('other', TRUST)).toBeNull()
  })
})
