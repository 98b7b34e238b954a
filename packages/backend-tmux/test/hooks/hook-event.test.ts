import { describe, expect, it } from '@jest/globals'
import { isSameCall, parseHookEvent } from '../../src/hooks/hook-event.ts'

const line = (fields: object): string => `1795954706000-77 ${JSON.stringify(fields)}`
const call = { tool_name: 'Bash', tool_input: { command: 'touch x' } }

describe('parseHookEvent()', () => {
  it('reads what was told, and when', () => {
    const fields = { session_id: 's', hook_event_name: 'UserPromptSubmit', prompt: 'two\nlines' }
    const { id, at, name, subagent, fields: told, call } = parseHookEvent(line(fields)) ?? {}
    expect({ id, at, name, subagent, fields: told, call }).toEqual({
      id: '1795954706000-77',
      at: 1_795_954_706_000,
      name: 'UserPromptSubmit',
      subagent: null,
      fields,
      call: '',
    })
  })

  it('reads one of which only the beginning was kept', () => {
    const whole = line({
      agent_id: 'a1',
      agent_type: 'Explore',
      hook_event_name: 'PostToolUse',
      ...call,
      tool_response: 'y',
    })
    const event = parseHookEvent(whole.slice(0, -15))
    expect(event).toMatchObject({ name: 'PostToolUse', subagent: 'Explore', fields: {} })
    expect(event?.call).toContain('touch x')
  })

  it('takes no event name from what a program says', () => {
    const said = '"hook_event_name":"Stop"'
    expect(parseHookEvent(line({ cwd: said, hook_event_name: 'PreToolUse' }))?.name).toBe('PreToolUse')
  })

  it.each(['', 'x', '1-2', '1-2 {}', '-1 {"hook_event_name":"Stop"}', '1795954706000-77 [1]'])(
    'reads no event from %j',
    (text) => {
      expect(parseHookEvent(text)).toBeNull()
    },
  )
})

describe('isSameCall()', () => {
  const event = (name: string, rest: object, cut?: number): NonNullable<ReturnType<typeof parseHookEvent>> => {
    const parsed = parseHookEvent(line({ hook_event_name: name, ...rest }).slice(0, cut))
    if (parsed === null) throw new TypeError('This is an event')
    return parsed
  }
  const asked = event('PermissionRequest', { ...call, permission_suggestions: [] })

  it('knows a call by its tool and input, whole or cut off', () => {
    expect(isSameCall(asked, event('PostToolUse', { ...call, tool_response: { stdout: '' } }))).toBe(true)
    expect(isSameCall(asked, event('PostToolUse', { ...call, tool_response: { stdout: '' } }, -20))).toBe(true)
  })

  it('tells calls apart', () => {
    const other = { tool_name: 'Bash', tool_input: { command: 'touch y' } }
    expect(isSameCall(asked, event('PostToolUse', other))).toBe(false)
    expect(isSameCall(asked, event('Stop', {}))).toBe(false)
  })
})
