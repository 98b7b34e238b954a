import { describe, expect, it } from '@jest/globals'
import { phaseCommand } from './phase-command.ts'

const literal = `'/usr/bin/node' '/x/orch.js' phase PHASE --note NOTE --id fix-7k3q --project '/my project'`

describe('phaseCommand()', () => {
  it('takes the line from a code block and quotes the values', () => {
    const context = `Report your phase, for example PHASE Complete:\n\n\`\`\`\n${literal}\n\`\`\`\n`
    expect(phaseCommand(context, 'Complete', "it's done")).toBe(
      `'/usr/bin/node' '/x/orch.js' phase 'Complete' --note 'it'\\''s done' --id fix-7k3q --project '/my project'`,
    )
  })

  it('takes an indented line with quoted placeholders and options in another order', () => {
    const context = '    orch phase "<PHASE>" --id a-1 --note "<NOTE>"'
    expect(phaseCommand(context, 'Testing', '$& and $1')).toBe(`orch phase 'Testing' --id a-1 --note '$& and $1'`)
  })

  it('drops the note when there is none', () => {
    expect(phaseCommand(literal, 'Testing')).toBe(
      `'/usr/bin/node' '/x/orch.js' phase 'Testing' --id fix-7k3q --project '/my project'`,
    )
  })

  it.each([
    'orch phase Complete --note done --id a-1',
    'orch phase PHASE --note NOTE',
    'orch phase PHASE --note done --id a-1',
    'orch phase PHASES --note NOTE --id a',
  ])('does not take "%s" for the command', (line) => {
    expect(phaseCommand(line, 'Complete', 'x')).toBeUndefined()
  })
})
